/** What docs/guides/air_gapped.md says to whoever installs one copy for many, done as it stands there. */
import assert from "node:assert/strict";
import { buildRelease } from "../../scripts/release.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { inPlace, listTree, type Place, start } from "./built_probe.ts";

const GUIDE = new URL("../../docs/guides/air_gapped.md", import.meta.url);
const INSTALLER = "43131";
const MEMBER = "43132";

/** The commands of the guide's block that has `word` in it, for a folder below `place`. */
async function readBlock(word: string, place: Place): Promise<string> {
  const blocks = (await Deno.readTextFile(GUIDE)).matchAll(/^```(?:sh|tcl)\n(.*?)^```$/gms);
  const block = [...blocks].map(([, text]) => text!).find((text) => text.includes(word));
  assert.ok(block !== undefined, `no block with ${word}`);
  return block.replaceAll("/sw/", `${place.root}/sw/`);
}

async function startAs(user: string, place: Place, script: string, cwd = place.root) {
  const argv = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "sh", "-ec", script];
  return await start(place, { argv, cwd });
}

testIfAvailable(
  ["npm", "root"],
  "guide: one account installs a release for a group → members run it, and write nothing",
  () =>
    inPlace(async (place) => {
      place = { ...place, root: await Deno.realPath(place.root) };
      const release = `${place.root}/release`;
      await buildRelease(release, 1_795_910_400);
      await Deno.mkdir(`${place.root}/sw`);
      await Deno.chown(`${place.root}/sw`, Number(INSTALLER), Number(INSTALLER));
      await Deno.chown(place.home, Number(MEMBER), Number(MEMBER));
      await Deno.chmod(place.root, 0o755);
      const install = (await readBlock("--strip-components", place)).replaceAll(
        `${place.root}/sw`,
        '"$SW"',
      );

      const installed = await startAs(
        INSTALLER,
        place,
        `umask 007; SW='${place.root}/sw'\n${install}`,
        release,
      );

      assert.equal(installed.code, 0, installed.stdout + installed.stderr);
      assert.match(installed.stdout, /^dlslurm-x86_64: OK$/m);
      const before = await listTree(`${place.root}/sw`);
      const [, prefix, cache] = /PATH \$root(\S+?)\[exec.*DLSLURM_CACHE_DIR \$root(\S+)/s.exec(
        await readBlock("#%Module", place),
      )!;
      const use = `SW='${place.root}/sw/dlslurm'; DLSLURM_CACHE_DIR=$SW${cache} ` +
        `PATH=$SW${prefix}$(uname -m)/bin:$PATH; export DLSLURM_CACHE_DIR; dlslurm --version`;
      const used = await startAs(MEMBER, place, use);
      assert.equal(used.stderr, "");
      assert.match(used.stdout, /^dlslurm \S+ \(Deno /);
      assert.deepEqual(await listTree(`${place.root}/sw`), before);
      assert.deepEqual(await listTree(place.home), []);

      // A group's folder, as there are many: what is in it is no longer the installer's alone.
      await Deno.chmod(`${place.root}/sw/dlslurm${cache}`, 0o2770);
      await Deno.chown(`${place.root}/sw/dlslurm${cache}`, Number(INSTALLER), Number(MEMBER));
      const refused = await startAs(MEMBER, place, use);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, new RegExp(`group ${MEMBER} may write to `));
    }),
);
