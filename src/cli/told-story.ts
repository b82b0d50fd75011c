/** A campaign's story for a command that asks it one thing. */
import type { CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { openStory, type OpenStory } from '../campaign/story-reader.ts';
import { folderFor } from './campaign-folder.ts';
import { Interruption } from './interruption.ts';
import { openStoredCampaign, type StoredCampaign } from './stored-campaign.ts';

/** Where a campaign is, as the command line says it. */
export interface WhereFlags {
  readonly nats?: string;
  readonly out: string;
  readonly folder?: string;
}

/** What was read. */
export interface ToldStory {
  readonly campaign: StoredCampaign;
  readonly definition: CampaignDefinition;
  readonly told: OpenStory;
}

/** Workers say what they do once a second. */
const beatMs = 1_100;

/**
 * Read a campaign's story up to now, and ask it; resolves with what `ask` does, or null when it was interrupted.
 * @param hears whether what the workers of a live campaign say of themselves is waited for.
 * @throws ConfigError when nobody knows the campaign.
 */
export async function askStory<T>(
  id: string,
  { nats, out, folder, command, hears }: WhereFlags & { command: string; hears: boolean },
  ask: (story: ToldStory) => T | Promise<T>,
): Promise<T | null> {
  const interruption = new Interruption();
  try {
    const campaign = await openStoredCampaign(id, { nats, out, command });
    try {
      const definition = (await loadCampaign(folderFor(campaign.record, folder))) as CampaignDefinition;
      const told = await openStory(campaign.connection, campaign.record, definition);
      try {
        return await Promise.race([
          caughtUp(told, hears && campaign.isLive).then(() => ask({ campaign, definition, told })),
          interruption.second.then(() => null),
        ]);
      } finally {
        await told.close();
      }
    } finally {
      await campaign.close();
    }
  } finally {
    interruption.close();
  }
}

async function caughtUp({ story, caughtUp: read }: OpenStory, hears: boolean): Promise<void> {
  const from = Date.now();
  await read;
  if (!hears) return;
  const isSilent = (): boolean =>
    story.overview().workers.some(({ goneAt, heardAt }) => goneAt === null && heardAt === null);
  while (isSilent() && Date.now() - from < beatMs) await new Promise((resolve) => setTimeout(resolve, 50));
}
