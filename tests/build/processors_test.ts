/** The built file on another processor than the one that it is for, and on ARM. */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { buildFor } from "../../scripts/build.ts";
import { fetchRuntime } from "../../scripts/build/runtime.ts";
import { requireTarget, RUNTIME_VERSION, TARGETS } from "../../scripts/build/targets.ts";
import { ARM64_ENVIRONMENT, arm64Prefix } from "../support/arm64.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { inPlace, listTree, type Place, PLAIN_PATH, start } from "./built_probe.ts";

const WORK = fileURLToPath(new URL("../../dist/.build/", import.meta.url));
const PROBE = fileURLToPath(new URL("./probe.ts", import.meta.url));
const ARM = requireTarget("aarch64-unknown-linux-gnu");
/** Not this machine's. */
const OTHER = TARGETS.find(({ triple }) => triple !== Deno.build.target)!;

/** Puts a `uname` first on PATH that names another processor. */
async function pretendCpu(place: Place, cpu: string): Promise<string> {
  await Deno.writeTextFile(`${place.root}/bin/uname`, `#!/bin/sh\necho ${cpu}\n`, { mode: 0o755 });
  return `${place.root}/bin:${PLAIN_PATH}`;
}

async function inPlaceOfOther(test: (place: Place) => Promise<void>): Promise<void> {
  await inPlace(async (place) => {
    await buildFor([OTHER], () => `${WORK}other/dlslurm`, PROBE);
    await Deno.copyFile(`${WORK}other/dlslurm`, place.file);
    await test(place);
  });
}

testIfAvailable(
  ["npm"],
  "built file: on another processor it says which one it is for, and unpacks nothing",
  () =>
    inPlaceOfOther(async (place) => {
      const { code, stdout, stderr } = await start(place);
      const PATH = await pretendCpu(place, "riscv64");
      const elsewhere = await start(place, { env: { PATH } });

      assert.equal(code, 1);
      assert.equal(stdout, "");
      assert.equal(
        stderr,
        `error: Cannot start "${place.file}": it is for ${OTHER.words} processors ` +
          `(${OTHER.cpu}), not for ${Deno.build.arch}\n` +
          `hint: take the file for ${Deno.build.arch}: dlslurm-${Deno.build.arch}\n`,
      );
      assert.equal(elsewhere.code, 1);
      assert.match(
        elsewhere.stderr,
        /not for riscv64\nhint: there are files for: aarch64 x86_64\n$/,
      );
      assert.deepEqual(await listTree(place.home), []);
    }),
);

testIfAvailable(
  ["npm"],
  "built file: where its C library is not, it tries, and says what it needs",
  () =>
    inPlaceOfOther(async (place) => {
      const PATH = await pretendCpu(place, OTHER.cpu);

      const { code, stderr } = await start(place, { env: { PATH } });

      assert.equal(code, 1);
      assert.match(stderr, /^error: Cannot unpack the runtime of /);
      assert.ok(stderr.endsWith(
        `\nhint: it needs a system with glibc for ${OTHER.cpu}, and no ${OTHER.loader} is here\n`,
      ));
      assert.deepEqual((await listTree(place.home)).filter((path) => /deno/.test(path)), []);
    }),
);

testIfAvailable(
  ["npm"],
  "fetchRuntime() takes what is pinned and nothing else, and fetches anew what was cut off",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const integrity = ARM.integrity.replace("poqhoH", "oqphoH");
      await assert.rejects(fetchRuntime({ ...ARM, integrity }, folder), {
        message: `Cannot build for "${ARM.triple}": what npm brings as ` +
          `${ARM.packageName}@${RUNTIME_VERSION} is not what was pinned: ${integrity}`,
      });
      assert.deepEqual(await listTree(folder), []);
      await assert.rejects(fetchRuntime({ ...ARM, loader: "/lib/ld-other.so" }, folder), {
        message: `Cannot build for "${ARM.triple}": its runtime does not ask for /lib/ld-other.so`,
      });
      const [tarball] = await listTree(folder);
      const { size } = await Deno.stat(`${folder}/${tarball}`);
      await Deno.truncate(`${folder}/${tarball}`, size - 1);

      // As far as the package is concerned.
      await assert.rejects(fetchRuntime({ ...ARM, loader: "/lib/ld-other.so" }, folder), /not ask/);

      assert.equal((await Deno.stat(`${folder}/${tarball}`)).size, size);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

const SESSION = `
set -e
eval "$(dlslurm fake-slurm env --dir "$PWD/../slurm")"
git init -q . && git add . && git commit -q -m first
dlslurm schedule -o out sbatch -o /dev/null job.sh
dlslurm -f '{outputs[0]}' list
while [ -n "$(squeue -h)" ]; do sleep 0.1; done
dlslurm -f disabled finish
git log -1 --format=%s
git show HEAD:out/word
`;

testIfAvailable(
  ["npm", "arm64"],
  "e2e: the file for ARM → a job is scheduled, listed, run and committed",
  () =>
    inPlace(async (place) => {
      await buildFor([ARM], () => `${WORK}arm/dlslurm`);
      await Deno.copyFile(`${WORK}arm/dlslurm`, place.file);
      const cwd = `${place.root}/set`;
      await Deno.mkdir(cwd);
      await Deno.writeTextFile(`${cwd}/job.sh`, "#!/bin/sh\nmkdir out\necho hello >out/word\n");

      const { code, stdout, stderr } = await start(place, {
        argv: [...arm64Prefix(), "/bin/sh", "-c", SESSION],
        cwd,
        env: {
          ...ARM64_ENVIRONMENT,
          PATH: await pretendCpu(place, ARM.cpu),
          GIT_AUTHOR_NAME: "a",
          GIT_AUTHOR_EMAIL: "a@example.invalid",
          GIT_COMMITTER_NAME: "a",
          GIT_COMMITTER_EMAIL: "a@example.invalid",
        },
      });

      assert.equal(code, 0, stdout + stderr);
      assert.equal(
        stdout.replace(/^slurm-schedule.*\n/m, ""),
        "Submitted batch job 1\nout\n[DATALAD SLURM RUN] Slurm job 1: Completed\nhello\n",
      );
      // It was the runtime for ARM, from the file's own cache.
      const [deno] = (await listTree(place.home)).filter((path) => path.endsWith("/deno"));
      const head = (await Deno.readFile(`${place.home}/${deno}`)).subarray(0, 20);
      assert.equal(head[18], 0xb7);
    }),
);
