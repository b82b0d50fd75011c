/** Where the page is: a view, with a few parameters behind it, in the part of the address behind `#`. */
import { signal } from '@preact/signals';

export const views = ['overview', 'actors', 'timeline', 'molecules', 'log'] as const;
export type View = (typeof views)[number];

export interface Route {
  readonly view: View;
  /** Such as `task`, the task whose panel is open, or `event`, a place in the log. */
  readonly params: Readonly<Record<string, string>>;
}

const isView = (text: string): text is View => (views as readonly string[]).includes(text);

/** `#/log?event=12` as a route; `#/task/ID` is the panel of a task over the view that is open. */
function parse(hash: string, view: View): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const params = Object.fromEntries(new URLSearchParams(query));
  if (path.startsWith('task/')) return { view, params: { task: decoded(path.slice('task/'.length)) } };
  return { view: isView(path) ? path : 'overview', params };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const route = signal<Route>(parse(location.hash, 'overview'));

addEventListener('hashchange', () => (route.value = parse(location.hash, route.peek().view)));

/** The address of a view, for links. */
export function hrefOf(view: View, params: Readonly<Record<string, string | number>> = {}): string {
  const query = new URLSearchParams(Object.entries(params).map(([name, value]) => [name, String(value)])).toString();
  return `#/${view}${query === '' ? '' : `?${query}`}`;
}

/** Goes to a view; the browser's Back comes back. */
export function go(view: View, params: Readonly<Record<string, string | number>> = {}): void {
  location.hash = hrefOf(view, params);
}

/** The address that opens a task's panel over the view that is open. */
export const taskHref = (task: string): string => hrefOf(route.value.view, { ...route.value.params, task });

export const openTask = (task: string): void => go(route.peek().view, { ...route.peek().params, task });

export function closeTask(): void {
  const { view, params } = route.peek();
  go(view, Object.fromEntries(Object.entries(params).filter(([name]) => name !== 'task')));
}
