import { join } from 'node:path';
import { z } from 'zod';
import { MissingError } from '../protocol/errors.ts';
import type { InstallWay } from './install-way.ts';
import { lastWords, runProgram } from './run-program.ts';

/** A program that is built from a Go module, pinned. */
export interface GoModule {
  path: string;
  version: string;
  /** The module's checksum as `go.sum` writes it: "h1:" and a SHA-256 over the SHA-256 of every file, in base64. */
  sum: string;
}

const downloadSchema = z.object({ Dir: z.string(), Sum: z.string() });

/**
 * Installs `name` by building it with the user's own Go.
 * The module is built in the folder where Go unpacked it, not with `go install`: there its own go.sum, which the checksum
 * covers, pins every module that it needs in turn.
 */
export function goModule(name: string, module: GoModule): InstallWay {
  return {
    source: 'the Go module proxy',
    version: module.version,
    async install({ folder, scratch, env, onProgress }) {
      const wanted = `${module.path}@v${module.version}`;
      onProgress('building it with Go, which takes about a minute');
      const goEnv = { ...env, GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' };
      const fetched = await runProgram('go', ['mod', 'download', '-json', wanted], {
        timeoutMs: 60_000,
        cwd: scratch,
        env: goEnv,
      });
      if (fetched.code !== 0) throw new Error(`go could not fetch ${wanted}: ${lastWords(fetched)}`);
      const { Dir, Sum } = downloadSchema.parse(JSON.parse(fetched.stdout));
      if (Sum !== module.sum) {
        throw new MissingError(
          `${wanted} from the Go module proxy is not the module that was pinned: its checksum is ${Sum}, expected ${module.sum}. ` +
            'Nothing was built from it.',
          { code: 'setup.wrong-checksum', details: { module: wanted, actual: Sum, expected: module.sum } },
        );
      }
      onProgress('verified');
      const built = await runProgram('go', ['build', '-mod=readonly', '-trimpath', '-o', join(folder, name), '.'], {
        timeoutMs: 300_000,
        cwd: Dir,
        env: goEnv,
      });
      if (built.code !== 0) throw new Error(`go could not build ${wanted}: ${lastWords(built)}`);
    },
  };
}
