/** Where our own way of adding files is not certain, all of them go to one `git annex add`. */
import assert from "node:assert/strict";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { Twins } from "./twins.ts";

const FILL = "mkdir -p out; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do " +
  'echo "text $n" >out/$n.txt; printf "\\0\\1%s" $n >out/$n.bin; done\n' +
  "find out -exec touch -h -d '2020-02-02 12:00:00' {} +\n";

const DOUBTS: Readonly<Record<string, string>> = {
  "an adjusted branch": "echo x >x; git annex add --quiet x; git commit --quiet -m x\n" +
    "git annex adjust --unlock >log.txt 2>&1",
  "annex.addunlocked": "git config annex.addunlocked true",
  "annex.thin": "git config annex.thin true",
  "a crippled file system": "git config annex.crippledfilesystem true",
  "a file system without links": "git config core.symlinks false",
  "a backend that does not hash": "git config annex.backend WORM",
  "a backend that does not hash, by attribute":
    "echo '* annex.backend=WORM annex.largefiles=anything' >.gitattributes",
  "a rule that is not known": "git config annex.largefiles 'include=[o]*.bin'",
  "annex.gitaddtoannex": "git config annex.gitaddtoannex false",
  "a setting of a later git-annex": "git config annex.shiny true",
  "line ends that git converts": "git config core.autocrlf input",
  "a repository that others share": "git config core.sharedRepository group",
};

for (const [doubt, prepare] of Object.entries(DOUBTS)) {
  testIfAvailable(
    ["git-annex"],
    `addFiles() leaves everything to git annex add → ${doubt}`,
    async () => {
      await using sandbox = await Sandbox.create();
      const twins = await Twins.create(sandbox, "doubt", prepare, FILL);
      const paths = await twins.findPaths("out");

      const added = await twins.addOurs(paths);
      await twins.addTheirs("out");

      assert.deepEqual(added.failures, []);
      assert.equal(paths.length, 24);
      assert.deepEqual(
        [...added.entriesWithoutStat].sort(),
        [...paths].sort(),
        "added by our own code",
      );
      const [ours, theirs] = [await twins.describe(twins.ours), await twins.describe(twins.theirs)];
      assert.deepEqual(ours, theirs);
    },
  );
}
