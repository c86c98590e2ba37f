import assert from "node:assert/strict";
import { join } from "node:path";
import { readTextIfPresent } from "../../src/fs/if_present.ts";
import { placesOfScript } from "../../src/slurm/script_places.ts";
import { Sandbox } from "./sandbox.ts";
import { TestSlurm } from "./slurm.ts";
import type { SlurmKind } from "./slurm.ts";

/** Where there are scripts of which names: each says where it lies. */
const FILES = [
  ...["both.sh", "here.sh", "in/both.sh", "in/here.sh"],
  ...["sub/both.sh", "sub/sub.sh", "sub/in/both.sh"],
  ...["bin/both.sh", "bin/path.sh", "bin/in/path.sh", "bin/here.sh"],
];

const NAMES = [
  ...["both.sh", "here.sh", "sub.sh", "path.sh", "in/both.sh", "in/here.sh", "in/path.sh"],
  ...["./both.sh", "./sub.sh", "./in/here.sh"],
];

/** Has sbatch look for scripts, with `--chdir` and without: it takes the first place that placesOfScript() names. */
export async function checkSoughtScripts(kind: Exclude<SlurmKind, "replay">): Promise<void> {
  await using sandbox = await Sandbox.create();
  await using slurm = await TestSlurm.start(kind, sandbox);
  for (const file of FILES) {
    await Deno.mkdir(join(sandbox.root, file, ".."), { recursive: true });
    await Deno.writeTextFile(join(sandbox.root, file), `#!/bin/sh\necho ${file}\n`);
    await Deno.chmod(join(sandbox.root, file), 0o755);
  }
  const path = `${join(sandbox.root, "bin")}:${sandbox.env["PATH"]}`;
  const jobs: { readonly asked: string; readonly id: string; readonly expected: string }[] = [];
  for (const chdir of [undefined, "sub"]) {
    for (const name of NAMES) {
      const search = { directory: sandbox.root, chdir, path };
      const texts = await Promise.all(placesOfScript(name, search).map(readTextIfPresent));
      const expected = texts.find((text) => text !== undefined);
      const asked = `${chdir === undefined ? "" : `-D ${chdir} `}${name}`;
      const log = join(sandbox.root, `%j.log`);
      const { code, stdout, stderr } = await slurm.ask(
        ["sbatch", "--parsable", "-o", log, ...asked.split(" ")],
        { env: { PATH: path } },
      );
      assert.equal(code === 0, expected !== undefined, `${asked}: ${stderr}`);
      if (expected !== undefined) {
        jobs.push({ asked, id: stdout.trim().split(";")[0]!, expected });
      }
    }
  }
  await slurm.waitUntilEnded(...jobs.map(({ id }) => id));
  for (const { asked, id, expected } of jobs) {
    const said = await Deno.readTextFile(join(sandbox.root, `${id}.log`));
    assert.equal(said.trim(), /echo (.*)/.exec(expected)![1], `sbatch ${asked}`);
  }
}
