/** Who may look and who may steer: two secrets, made anew for each dashboard. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What the holder of a link may do. */
export type Role = 'steer' | 'watch';

/** One secret for each role; it stands in the link, and afterwards in a cookie. */
export type Keys = Readonly<Record<Role, string>>;

export const newKeys = (): Keys => ({ steer: newKey(), watch: newKey() });

/** What the bearer of this key may do; null when it is none of ours. Takes as long for a wrong one as for a right one. */
export function roleOf(keys: Keys, key: string | undefined): Role | null {
  const given = digest(key ?? '');
  const steers = timingSafeEqual(given, digest(keys.steer));
  const watches = timingSafeEqual(given, digest(keys.watch));
  return steers ? 'steer' : watches ? 'watch' : null;
}

const newKey = (): string => randomBytes(24).toString('base64url');
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
