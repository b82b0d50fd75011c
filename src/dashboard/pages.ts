/** The few pages that the server writes itself. */

/** A page that says why somebody is not let in, and what to do. */
export function refusalPage(message: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Coxswain</title>
<main>
<h1>No entry without a link</h1>
<p>${escaped(message)}</p>
<p>Where the campaign runs, <code>cox run</code> prints the link of its dashboard; <code>cox dashboard ID</code> opens another one for
any campaign.</p>
</main>
</html>
`;
}

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
