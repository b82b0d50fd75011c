/** Chemistry (`coxswain/chemistry`): SMILES, conformers, xTB, fingerprints, search spaces. Importing it loads no toolkit. */
export { loadAnswers, type AnswerOptions, type Answers } from './answers.ts';
export { loadOpenChemLib, makeConformer, type Conformer } from './conformer.ts';
export { extendMolecules, type Molecules, type ReadLine } from './extend-molecules.ts';
export { drawMolecule } from './drawing.ts';
export { fingerprint, fingerprintBits, fingerprintBytes, fingerprints } from './fingerprint.ts';
export { parseXyz, toXyz, type BondedPair, type Geometry } from './geometry.ts';
export { loadRdkit, maxSmilesLength, rdkitVersion } from './rdkit.ts';
export { loadSearchSpace, type LoadedSpace } from './search-space-cache.ts';
export { readSearchSpace, type FeaturedSpace, type Progress, type SearchSpace } from './search-space.ts';
export { canonicalSmiles } from './smiles.ts';
export { verticalIonization, xtbProgram, type VerticalIonization, type XtbSite } from './xtb.ts';
export { evPerHartree } from './xtb-output.ts';
