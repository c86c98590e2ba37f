/** What the built file says where the system lets it have no more processes, files or addresses. */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { build } from "../../scripts/build.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { inPlace, listTree, type Place, PLAIN_PATH, start, startWell } from "./built_probe.ts";

/** Nobody else is this user: what runs is ours. */
const USER = "43127";

let built: Promise<string> | undefined;

/** A repository that belongs to {@linkcode USER}, and dlslurm beside it, unpacked already. */
async function inRepositoryOfAnother(test: (place: Place) => Promise<void>): Promise<void> {
  built ??= build({
    output: fileURLToPath(new URL("../../dist/.build/dlslurm/dlslurm", import.meta.url)),
  });
  await inPlace(async (place) => {
    await Deno.copyFile(await built!, place.file);
    const prepare = "git init -q set && cd set && git config user.name a && " +
      "git config user.email a@example.invalid && git commit -q --allow-empty -m first && " +
      `cd .. && "${place.file}" --version && chmod 755 . && chown -R ${USER} set home tmp`;
    const { code, stderr } = await start(place, { argv: ["/bin/sh", "-c", prepare] });
    assert.equal(code, 0, stderr);
    await test(place);
  });
}

testIfAvailable(
  ["root"],
  "built dlslurm: with fewer and fewer processes allowed → works, or says so in its own words",
  () =>
    inRepositoryOfAnother(async (place) => {
      const said: string[] = [];
      for (let most = 24; most > 0; most--) {
        const { code, stdout, stderr } = await start(place, {
          argv: [
            ...["setpriv", "--reuid", USER, "--clear-groups", "prlimit", `--nproc=${most}`],
            ...[place.file, "list"],
          ],
          cwd: `${place.root}/set`,
          env: { PATH: PLAIN_PATH },
        });

        const words = stdout + stderr;
        assert.doesNotMatch(words, /bug|panicked|Deno could not start/, `${most}: ${words}`);
        if (code === 0) continue;
        assert.equal(code, 1, words);
        assert.match(words, /^error: Cannot start .*processes/m, `${most}: ${words}`);
        assert.match(words, /^hint: .*ulimit -u/m);
        said.push(words);
      }
      assert.ok(said.length > 0 && said.length < 24, `${said.length} of 24 could not start`);
    }),
);

Deno.test("built dlslurm: with fewer and fewer open files allowed → no word of a bug", () =>
  inPlace(async (place) => {
    built ??= build({
      output: fileURLToPath(new URL("../../dist/.build/dlslurm/dlslurm", import.meta.url)),
    });
    await Deno.copyFile(await built, place.file);
    await start(place, { argv: [place.file, "--version"] });
    // With fewer the shell cannot even say so.
    for (let most = 40; most > 13; most--) {
      const { code, stdout, stderr } = await start(place, {
        argv: ["prlimit", `--nofile=${most}`, place.file, "list"],
        env: { PATH: PLAIN_PATH },
      });

      assert.equal(code, 1, `${most}: ${stdout}${stderr}`); // it is no repository
      assert.match(stderr, /^error: Cannot /, `${most}: ${stdout}${stderr}`);
      assert.doesNotMatch(stderr, /bug/);
      if (most < 20) assert.match(stderr, /too few files may be open .*\nhint: ulimit -n 256/);
    }
  }));

/** Starts the built file with so many kB of addresses; `kind` is -S for a limit that it may raise. */
const limited = (place: Place, kb: number, kind = "") => [
  "/bin/sh",
  "-c",
  `ulimit ${kind} -v ${kb} && exec "$0"`,
  place.file,
];

Deno.test("built file: with too few addresses it says so, and what to do; its runtime leaves no trace", () =>
  inPlace(async (place) => {
    for (const kb of [8_000_000, 33_500_000]) {
      const { code, stdout, stderr } = await start(place, { argv: limited(place, kb, "-S") });

      assert.equal(code, 1);
      assert.equal(stdout, "");
      assert.equal(
        stderr,
        `error: Cannot start "${place.file}": only ${kb} kB of addresses are allowed (ulimit -v)\n` +
          "hint: it reserves 35000000 kB, though it uses little: " +
          "ulimit -S -v 35000000, or unlimited\n",
      );
    }
    const { stderr } = await start(place, { argv: limited(place, 8_000_000) });
    assert.match(stderr, /^hint: .*: only root can raise that limit: ask for it, or srun /m);
    assert.deepEqual((await listTree(place.root)).filter((path) => /(^|\/)core/.test(path)), []);
  }));

// The runtime alone would fail in one start of sixteen.
Deno.test("built file: with the addresses that it asks for every start is one", () =>
  inPlace(async (place) => {
    for (const kb of [35_000_000, 48_000_000]) {
      for (let count = 0; count < 24; count++) {
        const report = await startWell(place, { argv: limited(place, kb) });

        assert.match(report.sqlite, /^3\./);
      }
    }
  }));

const SESSION = `
set -e
ulimit -v 35000000
eval "$(dlslurm fake-slurm env --dir "$PWD/../slurm")"
git init -q set && cd set && git commit -q --allow-empty -m first
dlslurm schedule -o out sbatch -o /dev/null --wrap 'mkdir out; ulimit -v >out/limit'
while [ -n "$(squeue -h)" ]; do sleep 0.1; done
dlslurm -f disabled finish
git show HEAD:out/limit
`;

Deno.test("e2e: the built file with few addresses → a job is scheduled and committed, the limit its own", () =>
  inPlace(async (place) => {
    built ??= build({
      output: fileURLToPath(new URL("../../dist/.build/dlslurm/dlslurm", import.meta.url)),
    });
    await Deno.copyFile(await built, place.file);

    const { code, stdout, stderr } = await start(place, {
      argv: ["/bin/sh", "-c", SESSION],
      env: {
        PATH: `${place.root}/bin:${PLAIN_PATH}`,
        GIT_AUTHOR_NAME: "a",
        GIT_AUTHOR_EMAIL: "a@example.invalid",
        GIT_COMMITTER_NAME: "a",
        GIT_COMMITTER_EMAIL: "a@example.invalid",
      },
    });

    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^35000000$/m);
  }));
