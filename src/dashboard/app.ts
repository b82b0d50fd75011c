/** What the dashboard answers; the table stands in api.ts. */
import { Hono, type Context } from 'hono';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { HttpBindings } from '@hono/node-server';
import { bodyLimit } from 'hono/body-limit';
import { ConfigError, InputError, messageOf } from '../protocol/errors.ts';
import type { SteerAnswer } from './api.ts';
import { bodyOf, type Body } from './bodies.ts';
import type { EventQuery } from './event-log.ts';
import { guard, type GuardedEnv } from './guard.ts';
import type { Keys, Role } from './keys.ts';
import { pageFile } from './page-files.ts';
import { numberIn, optionalNumberIn, RequestError, textIn } from './query.ts';

/** Whatever the dashboard is asked, by what is asked. */
export interface Answers {
  campaign(role: Role): unknown;
  timeline(): Promise<Body>;
  ledger(): Promise<Body>;
  idle(from: number | null, to: number | null): Promise<Body>;
  science(): Promise<Body>;
  tasks(query: TaskQuery): Promise<unknown>;
  task(id: string): Promise<unknown>;
  artifact(task: string, name: string): Promise<string | null>;
  events(query: EventQuery): Promise<unknown>;
  event(at: number): Promise<unknown>;
  past(at: number): Promise<unknown>;
  chart(actor: string): Promise<string | null>;
  system(): Promise<string>;
  drawing(label: string, theme: 'light' | 'dark'): Promise<string | null>;
  steer(request: unknown): Promise<SteerAnswer>;
  live(response: HttpBindings['outgoing']): void;
}

export interface TaskQuery {
  readonly sort: 'value' | 'recent';
  readonly offset: number;
  readonly limit: number;
  readonly text: string;
  readonly state: string;
  readonly topic: string;
}

const json = 'application/json; charset=utf-8';
const svg = 'image/svg+xml; charset=utf-8';
/** A picture that is opened by itself is no page of ours: it runs nothing and fetches nothing. */
const picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
const mostRows = 500;

export function dashboardApp(
  answers: Answers,
  access: { readonly keys: Keys; readonly hosts: readonly string[] },
): Hono<GuardedEnv> {
  const app = new Hono<GuardedEnv>();
  app.use('*', guard(access));
  app.onError((error, context) => {
    if (error instanceof RequestError) return context.json({ error: error.message }, error.status);
    if (error instanceof ConfigError) return context.json({ error: error.message }, 400);
    if (error instanceof InputError) return context.json({ error: error.message }, 404);
    return context.json({ error: `the dashboard could not answer: ${messageOf(error)}` }, 503);
  });
  app.notFound((context) => context.json({ error: 'there is nothing at this address' }, 404));

  app.get('/api/campaign', (context) => context.json(answers.campaign(context.get('role')) as object));
  app.get('/api/live', (context) => {
    const { outgoing } = context.env;
    for (const [name, value] of context.res.headers) outgoing.setHeader(name, value);
    answers.live(outgoing);
    return RESPONSE_ALREADY_SENT;
  });
  app.get('/api/timeline', async (context) => send(context, await answers.timeline(), json));
  app.get('/api/ledger', async (context) => send(context, await answers.ledger(), json));
  app.get('/api/science', async (context) => send(context, await answers.science(), json));
  app.get('/api/idle', async (context) => {
    const [from, to] = [optionalNumberIn(context, 'from'), optionalNumberIn(context, 'to')];
    if (from !== null && to !== null && from > to) throw new RequestError('from is after to');
    return send(context, await answers.idle(from, to), json);
  });
  app.get('/api/tasks', async (context) => {
    const sort = textIn(context, 'sort') === 'value' ? 'value' : 'recent';
    const query = {
      sort,
      offset: numberIn(context, 'offset', { least: 0, otherwise: 0 }),
      limit: Math.min(mostRows, numberIn(context, 'limit', { least: 1, otherwise: 100 })),
      text: textIn(context, 'text'),
      state: textIn(context, 'state'),
      topic: textIn(context, 'topic'),
    } as const;
    return sendJson(context, await answers.tasks(query));
  });
  app.get('/api/task', async (context) => {
    const id = textIn(context, 'id');
    return sendJson(context, found(await answers.task(id), `this campaign has no task ${id}`));
  });
  app.get('/api/artifact', async (context) => {
    const [task, name] = [textIn(context, 'task'), textIn(context, 'name')];
    const text = found(await answers.artifact(task, name), `task ${task} has kept no ${name}`);
    return send(context, await bodyOf(text), 'text/plain; charset=utf-8');
  });
  app.get('/api/events', async (context) => {
    const query = {
      before: textIn(context, 'before') === '' ? null : numberIn(context, 'before', { least: 0 }),
      limit: Math.min(mostRows, numberIn(context, 'limit', { least: 1, otherwise: 100 })),
      source: subjectPart(context, 'source'),
      type: subjectPart(context, 'type'),
      text: textIn(context, 'text'),
    };
    return sendJson(context, await answers.events(query));
  });
  app.get('/api/event', async (context) => {
    const at = numberIn(context, 'at', { least: 1 });
    return sendJson(context, found(await answers.event(at), `the log has no event ${at}`));
  });
  app.get('/api/past', async (context) => {
    const at = numberIn(context, 'at', { least: 1 });
    return sendJson(context, found(await answers.past(at), `the log has no event ${at}`));
  });
  app.get('/api/chart', async (context) => {
    const actor = textIn(context, 'actor');
    const chart = found(await answers.chart(actor), `this campaign has no actor ${actor}`);
    return sendPicture(context, chart);
  });
  app.get('/api/system', async (context) => sendPicture(context, await answers.system()));
  app.get('/api/drawing', async (context) => {
    const label = textIn(context, 'label');
    const theme = textIn(context, 'theme') === 'dark' ? 'dark' : 'light';
    const drawing = found(await answers.drawing(label, theme), 'this cannot be drawn');
    context.header('cache-control', 'private, max-age=86400');
    return sendPicture(context, drawing);
  });
  const tooLong = (context: Context): Response => context.json({ error: 'that is too much at once' }, 400);
  app.post('/api/steer', bodyLimit({ maxSize: 256 * 1024, onError: tooLong }), async (context) => {
    if (!(context.req.header('content-type') ?? '').startsWith('application/json')) {
      throw new RequestError('a request to steer is JSON');
    }
    const request: unknown = await context.req.json().catch(() => {
      throw new RequestError('a request to steer is JSON');
    });
    return context.json(await answers.steer(request));
  });
  app.get('*', async (context) => {
    const file = await pageFile(context.req.path);
    if (file === null) return context.notFound();
    context.header('cache-control', 'no-cache');
    context.header('etag', file.tag);
    if (context.req.header('if-none-match') === file.tag) return context.body(null, 304);
    return send(context, file.body, file.type);
  });
  return app;
}

function send(context: Context<GuardedEnv>, { plain, gzipped }: Body, type: string): Response {
  context.header('content-type', type);
  if (gzipped === null) return context.body(Uint8Array.from(plain));
  context.header('vary', 'accept-encoding');
  if (!/\bgzip\b/.test(context.req.header('accept-encoding') ?? '')) return context.body(Uint8Array.from(plain));
  context.header('content-encoding', 'gzip');
  return context.body(Uint8Array.from(gzipped));
}

const sendJson = async (context: Context<GuardedEnv>, value: unknown): Promise<Response> =>
  send(context, await bodyOf(JSON.stringify(value)), json);

async function sendPicture(context: Context<GuardedEnv>, picture: string): Promise<Response> {
  context.header('content-security-policy', picturePolicy);
  return send(context, await bodyOf(picture), svg);
}

/** @throws RequestError when it is not there. */
function found<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new RequestError(message, 404);
  return value;
}

/** A part of a subject: nothing that would make it another one. @throws RequestError */
function subjectPart(context: Context, name: string): string {
  const text = textIn(context, name);
  if (text === '' || /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(text)) return text;
  throw new RequestError(`${name}: no event is called so`);
}
