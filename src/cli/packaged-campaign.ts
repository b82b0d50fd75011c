import { fileURLToPath } from 'node:url';

/** Folder of the campaign that comes with this package, beside the code that runs: sources or compiled. */
export function packagedCampaign(): string {
  return fileURLToPath(new URL('../../campaigns/molecular-design', import.meta.url));
}
