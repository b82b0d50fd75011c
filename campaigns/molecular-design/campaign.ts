/** The reference campaign: find the molecules with the highest, or the lowest, vertical ionization energy. */
import { join } from 'node:path';
import { defineCampaign, packageRoot, type Candidates } from 'coxswain';
import {
  drawMolecule,
  evPerHartree,
  extendMolecules,
  loadAnswers,
  loadSearchSpace,
  type Molecules,
} from 'coxswain/chemistry';
import { arrangeRanking } from './methods/arrange-ranking.ts';
import { chooseFirst } from './methods/choose-first.ts';
import { ionizationEnergy } from './methods/ionization-energy.ts';
import { scoreCandidates } from './methods/score-candidates.ts';
import { trainModel } from './methods/train-model.ts';
import { batch } from './policies/batch.ts';
import { batched } from './policies/batched.ts';
import { random } from './policies/random.ts';
import { reallocating } from './policies/reallocating.ts';
import { streaming } from './policies/streaming.ts';
import { packagedSpace, settings, type Settings } from './settings.ts';

/** The file of a search space; the one that comes with the package is found from any folder. */
const spaceFile = (space: string): string => (space === packagedSpace ? join(packageRoot, space) : space);

const none = new Uint8Array();

/** Molecules as candidates: simulated by their SMILES, which is what people call them. */
function candidatesOf(
  { smiles, fingerprints, features }: Molecules,
  { digest, notes }: Pick<Candidates, 'digest' | 'notes'>,
): Candidates {
  return {
    count: smiles.length,
    argumentsOf: (candidate) => ({ smiles: smiles[candidate] }),
    labelOf: (candidate) => smiles[candidate] ?? `candidate ${candidate}`,
    objects: { fingerprints, features },
    digest,
    notes,
  };
}

export default defineCampaign<Settings>({
  name: 'molecular-design',
  settings,
  methods: [ionizationEnergy, trainModel, scoreCandidates, arrangeRanking, chooseFirst],
  policies: { random, batch, batched, streaming, reallocating },
  objective: {
    topic: 'simulate',
    field: 'ionizationEnergyHa',
    label: 'IE',
    unit: 'hartree',
    also: { unit: 'eV', factor: evPerHartree },
  },
  needs: ['xtb'],
  draw: drawMolecule,
  loadCandidates: async ({ space }, { cacheDir, onProgress }) => {
    const { smiles, fingerprints, features, duplicates, refused, digest } = await loadSearchSpace(
      spaceFile(space),
      cacheDir,
      (done, total) => onProgress(`fingerprints of ${space}: ${done} of ${total}`),
    );
    const notes = { space, candidates: smiles.length, duplicates, refused };
    return candidatesOf({ smiles, fingerprints, features: features.encode() }, { digest, notes });
  },
  extendCandidates: async (candidates, added) => {
    const smiles = Array.from({ length: candidates.count }, (_, candidate) => candidates.labelOf(candidate));
    const { fingerprints = none, features = none } = candidates.objects;
    const { molecules, lines } = await extendMolecules({ smiles, fingerprints, features }, added);
    return { candidates: candidatesOf(molecules, candidates), lines };
  },
  answers: {
    replaces: ['space'],
    load: async (file, { column, cacheDir, onProgress }) => {
      const { smiles, values, fingerprints, features, duplicates, refused, unanswered, ...table } = await loadAnswers(
        file,
        cacheDir,
        {
          ...(column === null ? {} : { column }),
          onProgress: (done, total) => onProgress(`fingerprints of ${file}: ${done} of ${total}`),
        },
      );
      const notes = { candidates: smiles.length, column: table.column, duplicates, refused, unanswered };
      const molecules = { smiles, fingerprints, features: features.encode() };
      return { candidates: candidatesOf(molecules, { digest: table.digest, notes }), values };
    },
  },
});
