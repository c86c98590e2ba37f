import assert from "node:assert/strict";
import { build } from "../../scripts/build.ts";
import { environment, inPlace, type Place, PLAIN_PATH, start } from "./built_probe.ts";

let built: Promise<string> | undefined;

/** Puts dlslurm itself in the probe's stead. */
async function inPlaceOfDlslurm(test: (place: Place) => Promise<void>): Promise<void> {
  built ??= build({
    output: new URL("../../dist/.build/dlslurm/dlslurm", import.meta.url).pathname,
  });
  const file = await built;
  await inPlace(async (place) => {
    await Deno.copyFile(file, place.file);
    await test(place);
  });
}

Deno.test("built dlslurm: names its version, the runtime's and SQLite's", () =>
  inPlaceOfDlslurm(async (place) => {
    const { version } = JSON.parse(await Deno.readTextFile("deno.json"));

    const result = await start(place, { argv: [place.file, "--version"] });

    assert.equal(result.stderr, "");
    assert.equal(result.code, 0);
    assert.match(result.stdout, /^dlslurm \S+ \(Deno \d+\.\d+\.\d+, SQLite \d+\.\d+\.\d+\)\n$/);
    assert.equal(result.stdout.split(" ")[1], version);
    assert.ok(result.stdout.includes(`Deno ${Deno.version.deno},`));
  }));

Deno.test("built dlslurm: on a terminal, too, it says nothing but what was asked for", () =>
  inPlaceOfDlslurm(async (place) => {
    await start(place, { argv: [place.file, "--version"] }); // the first start tells of unpacking
    const argv = ["script", "-qec", `exec '${place.file}' --version`, "/dev/null"];

    const { stdout } = await start(place, { argv, env: { SHELL: "/bin/sh" } });

    assert.match(stdout, /^dlslurm \S+ \(Deno [^\n]*\)\r\n$/);
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
