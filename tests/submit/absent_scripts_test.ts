import assert from "node:assert/strict";
import { findAbsentScripts } from "../../src/submit/absent_scripts.ts";
import { TestFolder } from "../support/test_folder.ts";

const KEY = "MD5E-s3--900150983cd24fb0d6963f7d28e17f72";

Deno.test("findAbsentScripts() finds annexed scripts that are not here, by the names that commands have", async () => {
  await using folder = await TestFolder.create({
    "here.sh": "#!/bin/sh\n",
    "pointer.sh": `/annex/objects/${KEY}\n`,
    "sub/here.sh": "#!/bin/sh\n",
    "objects/there": "#!/bin/sh\n",
  });
  const { root } = folder;
  const links = {
    "absent.sh": `.git/annex/objects/a/b/${KEY}/${KEY}`,
    "sub/absent.sh": `../.git/annex/objects/a/b/${KEY}/${KEY}`,
    ...{ "current.sh": "absent.sh", bin: "sub", "dangling.sh": "nowhere" },
  };
  for (const [path, target] of Object.entries(links)) await Deno.symlink(target, folder.at(path));
  const absentOf = (command: string, place = ".") =>
    findAbsentScripts({ root }, [{ command, directory: folder.at(place) }]);

  for (
    const [command, absent] of [
      ...[["sbatch here.sh 1", []], ["sbatch dangling.sh", []], ["sbatch --wrap true", []]],
      ...[["sbatch -n1 absent.sh 1", ["absent.sh"]], ["sbatch pointer.sh", ["pointer.sh"]]],
      ...[["sbatch current.sh", ["absent.sh"]], ["sbatch bin/absent.sh", ["sub/absent.sh"]]],
      ...[["sbatch -D sub absent.sh", ["sub/absent.sh"]], ["sbatch -D sub here.sh", []]],
      ...[["module load x && sbatch absent.sh", ["absent.sh"]], ['sbatch "$JOB"', []]],
      ["sbatch /bin/sh", []],
    ] as [string, string[]][]
  ) assert.deepEqual(await absentOf(command), absent, command);
  assert.deepEqual(await absentOf("sbatch ../absent.sh", "sub"), ["absent.sh"]);
  const many = ["a", "b"].map((word) => ({ command: `sbatch absent.sh ${word}`, directory: root }));
  assert.deepEqual(await findAbsentScripts({ root }, many), ["absent.sh"]);
});
