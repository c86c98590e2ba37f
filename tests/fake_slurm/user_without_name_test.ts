import assert from "node:assert/strict";
import { installBuiltFile, openToEverybody } from "../support/built_file.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";

const SCRIPT = `set -e
git init -q set
cd set
echo '#!/bin/sh' >job.sh
echo 'mkdir -p out && id -u >out/result' >>job.sh
git add .
git commit -q -m start
eval "$(dlslurm fake-slurm env)"
dlslurm schedule -o out sbatch job.sh
sbatch -Q --wait -o ../uid --wrap 'srun id -u'; cat ../uid
while [ -n "$(squeue -h --me)" ]; do sleep 0.1; done
squeue -h -t all -u 4001 -o '%i %u %U'
sacct -X -n -P -o JobID,User,Account,State -j 1
dlslurm finish
sbatch --wrap 'sleep 100'
scancel --me
sacct -X -n -P -o State -j 3
`;

for (const home of ["$PWD", "/nowhere/at/all", ""]) {
  testIfAvailable(["root"], `fake Slurm: a user without a name, with HOME "${home}"`, async () => {
    await using sandbox = await Sandbox.create();
    await installBuiltFile(sandbox);
    await openToEverybody(sandbox);
    const env = {
      HOME: home === "" ? undefined : home.replace("$PWD", sandbox.root),
      USER: undefined,
      GIT_CONFIG_GLOBAL: `${sandbox.home}/.gitconfig`,
    };

    const { code, stdout, stderr } = await sandbox.run(
      ["setpriv", "--reuid", "4001", "--regid", "4001", "--clear-groups", "sh", "-c", SCRIPT],
      { env },
    );

    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^4001\n/m);
    assert.match(stdout, /^1 4001 4001$/m);
    assert.match(stdout, /^1\|4001\|4001\|COMPLETED$/m);
    assert.match(stdout, /^save\(ok\)/m);
    assert.match(stdout, /^CANCELLED by 4001$/m);
  });
}
