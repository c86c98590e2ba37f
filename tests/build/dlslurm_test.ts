import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { build } from "../../scripts/build.ts";
import { environment, inPlace, type Place, PLAIN_PATH, start } from "./built_probe.ts";

let built: Promise<string> | undefined;

/** Puts dlslurm itself in the probe's stead. */
async function inPlaceOfDlslurm(test: (place: Place) => Promise<void>): Promise<void> {
  built ??= build({
    output: fileURLToPath(new URL("../../dist/.build/dlslurm/dlslurm", import.meta.url)),
  });
  const file = await built;
  await inPlace(async (place) => {
    await Deno.copyFile(file, place.file);
    await test(place);
  });
}

Deno.test("built dlslurm: names its version and the runtime's", () =>
  inPlaceOfDlslurm(async (place) => {
    const { version } = JSON.parse(await Deno.readTextFile("deno.json"));

    const result = await start(place, { argv: [place.file, "--version"] });

    assert.equal(result.stderr, "");
    assert.equal(result.code, 0);
    const first = `dlslurm ${version} (Deno ${Deno.version.deno})`;
    assert.ok(result.stdout.startsWith(`${first}\nGuides, `), result.stdout);
  }));

Deno.test("built dlslurm: on a terminal, too, it says nothing but what was asked for", () =>
  inPlaceOfDlslurm(async (place) => {
    await start(place, { argv: [place.file, "--version"] }); // the first start tells of unpacking
    const argv = ["script", "-qec", `exec '${place.file}' --version`, "/dev/null"];

    const { stdout } = await start(place, { argv, env: { SHELL: "/bin/sh" } });

    assert.match(stdout, /^dlslurm \S+ \(Deno [^\n]*\)\r\nGuides, [^\n]*\r\n$/);
  }));

Deno.test("built dlslurm: the submission command gets the user's environment unchanged", () =>
  inPlaceOfDlslurm(async (place) => {
    const seen = `${place.root}/seen`;
    await Deno.writeTextFile(
      `${place.root}/bin/sbatch`,
      `#!/bin/sh\n/usr/bin/env -0 >"${seen}"\necho Submitted batch job 1\n`,
      { mode: 0o755 },
    );
    const env = {
      PATH: `${place.root}/bin:${PLAIN_PATH}`,
      DENO_DIR: "/users/own",
      NODE_OPTIONS: "--users-own",
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.invalid",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.invalid",
    };
    const prepare = "git init -q set && cd set && git commit -q --allow-empty -m first";
    assert.equal((await start(place, { argv: ["/bin/sh", "-c", prepare], env })).code, 0);

    const argv = [place.file, "schedule", "-o", "out", "sbatch", "job.sh"];
    const { stdout } = await start(place, { argv, env, cwd: `${place.root}/set` });

    assert.match(stdout, /^slurm-schedule\(ok\)/m);
    const pairs = (await Deno.readTextFile(seen)).split("\0").filter((pair) => pair !== "");
    const all = Object.fromEntries(pairs.map((pair) => [
      pair.slice(0, pair.indexOf("=")),
      pair.slice(pair.indexOf("=") + 1),
    ]));
    // Shells set these themselves.
    const { PWD: _pwd, OLDPWD: _old, SHLVL: _level, _: _last, ...rest } = all;
    assert.deepEqual(rest, environment(place, env));
  }));

Deno.test("built dlslurm: without PATH, programs are found where a shell finds them", () =>
  inPlaceOfDlslurm(async (place) => {
    const prepare =
      "git init -q set && cd set && git -c user.name=a -c user.email=a@example.invalid " +
      `commit -q --allow-empty -m first && unset PATH && exec '${place.file}' list`;

    const { code, stderr } = await start(place, { argv: ["/bin/sh", "-c", prepare] });

    assert.match(stderr, /^there are no open jobs/m);
    assert.equal(code, 0);
  }));

const JOB = '#!/bin/sh\nmkdir -p out\necho "$1" >"out/$1"\n';

/** Several schedule at once, one finish, on a store that takes no POSIX locks. */
const WITHOUT_LOCKS = `
set -e
eval "$(dlslurm fake-slurm env --dir "$PWD/../slurm")"
git init -q . && git add . && git commit -q -m first
git config dlslurm.store.vfs unix-dotfile
for n in 1 2 3 4 5 6; do dlslurm schedule -o out/$n sbatch -o /dev/null job.sh $n & done
wait
if dlslurm schedule -o out/3 sbatch job.sh 3 2>conflict; then exit 9; fi
dlslurm -f '{outputs[0]}' list | sort
while [ -n "$(squeue -h)" ]; do sleep 0.1; done
dlslurm -f disabled finish
git ls-files out
# Made only where an environment file was older than the end of its job; nothing stays in it.
test ! -e .git/dlslurm/tmp || rmdir .git/dlslurm/tmp
ls .git/dlslurm "$TMPDIR"
`;

Deno.test("built dlslurm: dlslurm.store.vfs unix-dotfile works with its own permissions", () =>
  inPlaceOfDlslurm(async (place) => {
    const folder = `${place.root}/set`;
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/job.sh`, JOB);

    const { code, stdout, stderr } = await start(place, {
      argv: ["/bin/sh", "-c", WITHOUT_LOCKS],
      cwd: folder,
      env: {
        PATH: `${place.root}/bin:${PLAIN_PATH}`,
        GIT_AUTHOR_NAME: "a",
        GIT_AUTHOR_EMAIL: "a@example.invalid",
        GIT_COMMITTER_NAME: "a",
        GIT_COMMITTER_EMAIL: "a@example.invalid",
      },
    });

    assert.equal(code, 0, stderr);
    const outputs = [1, 2, 3, 4, 5, 6].map((n) => `out/${n}\n`).join("");
    const shown = stdout.replace(/^(Submitted|slurm-schedule).*\n/gm, "");
    assert.equal(
      shown,
      `${outputs}${outputs}.git/dlslurm:\njobs.sqlite\nsubmissions\n\n${place.tmp}:\n`,
    );
    assert.match(await Deno.readTextFile(`${folder}/conflict`), /conflicts with "out\/3" of job/);
  }));
