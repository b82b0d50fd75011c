/** What the campaign looks for: the vertical ionization energy of a molecule, by GFN2-xTB. */
import { gzipSync } from 'node:zlib';
import { defineMethod, schema, type MethodContext } from 'coxswain';
import { loadOpenChemLib, makeConformer, verticalIonization } from 'coxswain/chemistry';

/** The method `ionization-energy`: SMILES to vertical ionization energy, and everything that one would ask about it later. */
export const ionizationEnergy = defineMethod({
  name: 'ionization-energy',
  pool: 'simulate',
  timeoutMs: 120_000,
  // 250 MB are enough for a molecule of thirty heavy atoms; what the child keeps warm for the other methods counts, too.
  memoryMb: 4_000,
  input: schema.object({ smiles: schema.string().min(1) }),
  output: schema.object({
    /** Energy of the cation less that of the neutral, both at the neutral's geometry, hartree. */
    ionizationEnergyHa: schema.number(),
    neutralEnergyHa: schema.number(),
    cationEnergyHa: schema.number(),
    /** Between the neutral's highest occupied and lowest empty orbital, hartree; null where xtb gives none. */
    homoLumoGapHa: schema.number().nullable(),
    /** The neutral's optimised geometry, XYZ text in angstrom. */
    geometryXyz: schema.string(),
    xtbVersion: schema.string(),
    wallMs: schema.number(),
    /** User and system time of this process meanwhile, and of both xTB runs by xtb's own clock. */
    cpuMs: schema.number(),
    /** What both runs of xtb printed: an object, gzipped; null where it could not be stored, left out by older versions. */
    xtbOutput: schema.string().nullable().optional(),
  }),
  /**
   * Loads RDKit and OpenChemLib, and runs both once on a molecule with every kind of term in its force field: the first real one
   * would otherwise take half a second more, until their code is compiled.
   */
  warm: async () => {
    await loadOpenChemLib();
    await makeConformer('CC(=O)NC');
  },
  run: async ({ smiles }, context) => {
    const started = performance.now();
    const before = process.cpuUsage();
    const { xtbCpuMs, xtbOutput: printed, ...result } = await verticalIonization(context, smiles);
    const { user, system } = process.cpuUsage(before);
    const wallMs = performance.now() - started;
    const xtbOutput = await keepText(context, printed);
    return { ...result, wallMs, cpuMs: xtbCpuMs + (user + system) / 1e3, xtbOutput };
  },
});

/** No result waits longer than that for a text that goes with it: the server may be away. */
const patienceMs = 500;

/** The reference of a text that was stored gzipped; null where that failed, since the numbers are worth having without it. */
function keepText({ objects }: MethodContext, text: string): Promise<string | null> {
  const late = new Promise<null>((resolve) => {
    setTimeout(() => resolve(null), patienceMs).unref();
  });
  return Promise.race([objects.put(gzipSync(text)).catch(() => null), late]);
}
