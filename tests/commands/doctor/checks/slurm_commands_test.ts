import assert from "node:assert/strict";
import {
  checkAnswers,
  checkCommands,
  SLURM_PROGRAMS,
} from "../../../../src/commands/doctor/checks/slurm_commands.ts";
import { UserError } from "../../../../src/errors.ts";
import { verdictsOf } from "../site.ts";

const ALL = SLURM_PROGRAMS.map((name) => ({ name, path: `/usr/bin/${name}`, isScript: false }));

Deno.test("checkCommands() all in one folder → ok, and which", () => {
  assert.deepEqual(checkCommands(ALL), [{
    check: "slurm-commands",
    verdict: "ok",
    message: "sbatch, sacct, squeue and scontrol are in /usr/bin",
  }]);
});

Deno.test("checkCommands() none → one problem, one → one of its own", () => {
  const none = checkCommands(ALL.map((program) => ({ ...program, path: undefined })));
  const one = checkCommands(
    ALL.map((program) => program.name === "scontrol" ? { ...program, path: undefined } : program),
  );

  assert.deepEqual(verdictsOf(none), ["problem slurm-commands"]);
  assert.match(none[0]!.message, /^sbatch, sacct, squeue and scontrol are not on PATH$/);
  assert.deepEqual(verdictsOf(one), ["problem slurm-commands"]);
  assert.match(one[0]!.message, /^scontrol is not on PATH$/);
  assert.match(one[0]!.hint!, /module load slurm/);
});

Deno.test("checkCommands() scripts and several folders → notes that name them", () => {
  const findings = checkCommands(
    ALL.map((program) =>
      program.name === "sacct" ? { ...program, path: "/site/sacct", isScript: true } : program
    ),
  );

  assert.deepEqual(verdictsOf(findings), ["note slurm-commands", "note slurm-commands"]);
  assert.match(findings[0]!.message, /: \/site\/sacct$/);
  assert.match(findings[1]!.message, /2 different folders/);
});

Deno.test("checkAnswers() none that was asked → nothing; failed → problem; slow → note", () => {
  const failure = new UserError("SLURM_UNAVAILABLE", "Cannot ask Slurm", { detail: "no" });
  const call = { program: "sacct", tookMs: 9_999, stdout: "" };

  assert.deepEqual(checkAnswers([]), []);
  assert.deepEqual(verdictsOf(checkAnswers([call])), ["ok slurm-answers"]);
  assert.deepEqual(verdictsOf(checkAnswers([{ ...call, tookMs: 10_000 }])), ["note slurm-answers"]);
  const [failed] = checkAnswers([{ ...call, failure }]);
  assert.equal(failed!.verdict, "problem");
  assert.equal(failed!.detail, "no");
});

Deno.test("checkCommands() of a command that the settings name → which one; one that is not there → a problem", () => {
  const named = (changes: { readonly path?: string }) =>
    ALL.map((program) =>
      program.name === "sacct"
        ? { name: "sacct", path: changes.path, isScript: false, command: "ssh login1 sacct" }
        : program
    );

  const there = checkCommands(named({ path: "/usr/bin/ssh" }));
  const gone = checkCommands(named({}));

  assert.deepEqual(verdictsOf(there), ["ok slurm-commands", "ok slurm-commands"]);
  assert.equal(
    there[0]!.message,
    'for sacct "ssh login1 sacct" is asked (dlslurm.slurm.sacct)',
  );
  assert.equal(there[1]!.message, "sbatch, squeue and scontrol are in /usr/bin");
  assert.deepEqual(verdictsOf(gone), ["problem slurm-commands", "ok slurm-commands"]);
  assert.match(
    gone[0]!.message,
    /^"ssh login1 sacct", which dlslurm\.slurm\.sacct names, is not there$/,
  );
});
