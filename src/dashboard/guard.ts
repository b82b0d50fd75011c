/**
 * Who is let in: requests that name this server, come from its own page or from no page at all, and carry a key.
 *
 * A page of another origin can send requests here with the reader's browser. It cannot read the cookie, and the browser says where a
 * request comes from (`Sec-Fetch-Site`, `Origin`); another server on this machine is another origin by its port. A name that
 * somebody points at this address shows in `Host`.
 */
import { hostname } from 'node:os';
import { isIP } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { roleOf, type Keys, type Role } from './keys.ts';
import { refusalPage } from './pages.ts';

/** What a request comes with, and what is known of it once it was let in. */
export interface GuardedEnv {
  Bindings: HttpBindings;
  Variables: { role: Role };
}

interface Guard {
  readonly keys: Keys;
  /** Names by which people reach it, beside localhost, addresses and this machine's own name. */
  readonly hosts: readonly string[];
}

const contentSecurity = [
  "default-src 'none'",
  "script-src 'self'",
  // Charts bring styles of their own, in the picture and at its parts; texts that others wrote are never parsed as markup.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every answer, and the refusals; after it, `role` is known. */
export function guard({ keys, hosts }: Guard): MiddlewareHandler<GuardedEnv> {
  return async (context, next) => {
    const { req, env } = context;
    // Browsers send cookies of one port to every other one of the same name: those of several dashboards are told apart.
    const cookie = `cox-${env.incoming.socket.localPort ?? 0}`;
    context.header('content-security-policy', contentSecurity);
    context.header('x-content-type-options', 'nosniff');
    context.header('referrer-policy', 'no-referrer');
    context.header('cache-control', 'no-store');
    context.header('cross-origin-resource-policy', 'same-origin');
    context.header('cross-origin-opener-policy', 'same-origin');
    const isApi = req.path.startsWith('/api/');
    const refuse = (status: 401 | 403, message: string): Response =>
      isApi ? context.json({ error: message }, status) : context.html(refusalPage(message), status);

    const host = req.header('host') ?? '';
    if (!isOurs(host, hosts)) {
      return refuse(
        403,
        `This dashboard does not answer to the name ${host}. Open it by its address, or as localhost.`,
      );
    }
    const isPage = req.method === 'GET' && req.path === '/';
    const key = isPage ? req.query('token') : undefined;
    const from = originOf(req.header('origin'), req.header('sec-fetch-site'), host);
    // A link may stand anywhere: following it is no request of the page that it stood on.
    const isFollowed = isPage && req.header('origin') === undefined && req.header('sec-fetch-mode') === 'navigate';
    if (from === 'other' && !isFollowed) {
      return refuse(403, 'A page of another origin asked for this; the dashboard answers only its own.');
    }
    if (key !== undefined) {
      if (roleOf(keys, key) === null) return refuse(401, wrongKey);
      setCookie(context, cookie, key, { httpOnly: true, sameSite: 'Strict', path: '/' });
      // A cookie of this kind does not go along with a redirection that began on another site.
      if (from === 'other') return context.html('<meta http-equiv="refresh" content="0; url=/">');
      return context.redirect('/', 303);
    }
    const bearer = /^Bearer (\S+)$/.exec(req.header('authorization') ?? '')?.[1];
    const role = roleOf(keys, bearer ?? getCookie(context, cookie));
    if (role === null) return refuse(401, wrongKey);
    if (req.method === 'POST' && role !== 'steer') {
      return refuse(403, 'This link is for watching; steering takes the other link that the dashboard printed.');
    }
    context.set('role', role);
    return next();
  };
}

const wrongKey = 'This needs the whole link that the dashboard printed when it was started, with its token.';

/** Whether a name in a request can only mean this server: anybody may point a name of theirs at an address, not the address itself. */
function isOurs(host: string, known: readonly string[]): boolean {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  return isIP(name) !== 0 || name === 'localhost' || name === hostname().toLowerCase() || known.includes(name);
}

function originOf(origin: string | undefined, site: string | undefined, host: string): 'ours' | 'other' {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'other';
  if (origin === undefined) return 'ours';
  return URL.canParse(origin) && new URL(origin).host === host ? 'ours' : 'other';
}
