/** Text that others wrote, safe for a terminal: control characters, and those that turn the direction of writing, are spelt out. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (found) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[found];
    return known ?? `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
