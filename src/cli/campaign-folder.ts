import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { campaignFile } from '../campaign/load.ts';
import type { RunRecord } from '../campaign/run-folder.ts';
import { ConfigError } from '../protocol/errors.ts';
import { packagedCampaign } from './packaged-campaign.ts';

/** The campaign's folder here: the one that was named, else where it was started from, else the packaged one if it is that. */
export function folderFor({ folder, campaign, id }: RunRecord, named: string | undefined): string {
  if (named !== undefined) return named;
  const asStarted = resolve(folder);
  if (existsSync(asStarted)) {
    try {
      campaignFile(asStarted);
      return asStarted;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  }
  if (campaign === 'molecular-design') return packagedCampaign();
  throw new ConfigError(`where is the folder of campaign ${id} (${campaign}) on this machine? Say --folder DIR`);
}
