import assert from "node:assert/strict";
import { isSoleSbatch } from "../../src/slurm/sole_sbatch.ts";

const SOLE = [
  "sbatch job.sh",
  "/opt/slurm/bin/sbatch -p short job.sh 'a; b'",
  " sbatch job.sh\n",
  "sbatch \\\n  -p short \\\n  job.sh",
  'SBATCH_PARTITION=short A="$B" sbatch --time=$T --export=X=${X} *.sh ~/x',
  "sbatch --wrap \"echo '$X'; ls && true\"",
  "sbatch job.sh <in.txt >log 2>&1",
  "env A=b sbatch job.sh",
  "exec nice sbatch job.sh",
  "ssh login1 sbatch job.sh",
  "ssh -p 22 me@login1 -T 'sbatch -p short $X job.sh' < job.sh 2>&1",
  "ssh login1 ssh login2 sbatch job.sh",
  "ssh login1 A=b /opt/slurm/bin/sbatch job.sh",
];

const NOT_SOLE = [
  "",
  "sbatch a && sbatch b",
  "sbatch a || sbatch b",
  "sbatch a; sbatch b",
  "sbatch a\nsbatch b",
  "sbatch a & sbatch b",
  "sbatch a &>log",
  "echo a | sbatch",
  "(sbatch a)",
  "{ sbatch a; }",
  "sbatch $(sbatch --parsable a)",
  'sbatch "$(sbatch --parsable a)"',
  "sbatch `sbatch --parsable a`",
  "sbatch ${A:-$(sbatch a)}",
  "sbatch <<EOF\n#!/bin/sh\nEOF",
  // What a comment or a $'…' holds, not all shells read alike.
  "sbatch a # isn't\nsbatch b # isn't",
  "sbatch a \\\n# isn't\nsbatch b '",
  "sbatch $'a\\'b' ; sbatch b; echo '",
  "sbatch 'a",
  "sbatch a\\",
  "sbatch \\>&1",
  "./mysubmit.sh a",
  "sh -c 'sbatch a'",
  "xargs sbatch",
  "command -v sbatch",
  "$SBATCH job.sh",
  "ssh login1 './mysubmit.sh a'",
  "ssh login1 'sbatch a; sbatch b'",
  "ssh login1 sbatch a \\; sbatch b",
  "ssh login1 sbatch $X",
  "ssh login1",
  "ssh",
];

Deno.test("isSoleSbatch() holds for one sbatch, here or behind ssh", () => {
  for (const line of SOLE) assert.equal(isSoleSbatch(line), true, line);
});

Deno.test("isSoleSbatch() does not hold where anything else may run", () => {
  for (const line of NOT_SOLE) assert.equal(isSoleSbatch(line), false, line);
});
