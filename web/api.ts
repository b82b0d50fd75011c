/** Questions to the server, and what people ask of the campaign. */
import type { SteerAnswer, SteerRequest } from '../src/dashboard/api.ts';

/** The server refused, or could not be reached: `message` is for people. */
export class ApiError extends Error {
  /** HTTP's status; 0 when nothing came back. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What the server answers to `path`, as JSON. @throws {ApiError} */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal === undefined ? {} : { signal });
  return JSON.parse(seen(await response.text())) as T;
}

/** Text of others without the characters that turn around what is written: they are shown, and do nothing. */
export const seen = (text: string): string => text.replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

/** The same for texts: charts, and what programs have written. @throws {ApiError} */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return seen(await (await request(path, signal === undefined ? {} : { signal })).text());
}

/** Asks something of the campaign. @throws {ApiError} when it is refused: the message says why */
export async function steer(wish: SteerRequest): Promise<SteerAnswer> {
  const response = await request('/api/steer', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(wish),
  });
  return (await response.json()) as SteerAnswer;
}

/** `path` with a query of what is defined. */
export function withQuery(path: string, query: Readonly<Record<string, string | number | null | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError(0, 'The dashboard does not answer. It is asked again by itself; is its process still there?');
  }
  if (!response.ok) throw new ApiError(response.status, await reasonOf(response));
  return response;
}

async function reasonOf(response: Response): Promise<string> {
  if (response.status === 401) return 'This link is not known any more: open the one that the dashboard prints now.';
  try {
    const { error } = (await response.json()) as { error?: unknown };
    if (typeof error === 'string' && error !== '') return error;
  } catch {
    // Not JSON: the status must do.
  }
  return `The dashboard answered with status ${response.status}.`;
}
