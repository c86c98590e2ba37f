import assert from "node:assert/strict";
import { askSite, versionIn } from "../../../src/commands/doctor/ask_site.ts";
import { fakeRunner } from "../../support/fake_runner.ts";
import type { Answer } from "../../support/fake_runner.ts";

const ALL = ["sbatch", "scontrol", "squeue", "sacct"];

async function asked(answers: readonly Answer[], programs: readonly string[] = ALL) {
  using runner = fakeRunner(...answers);
  let nowMs = 0;
  const question = { uid: 1000, now: () => new Date(nowMs += 1000), withLines: true };
  const found = programs.map((name) => ({ name, path: `/bin/${name}`, isScript: false }));
  const site = await askSite({ runner, timeoutMs: 1_000 }, found, question);
  return { site, commands: runner.commands };
}

const answer = (program: string, stdout: string): Answer => ({ to: [program], stdout });

Deno.test("askSite() asks each program once, about the user's own jobs", async () => {
  const { site, commands } = await asked([
    answer("sbatch", "slurm-wlm 22.05.8\n"),
    answer("scontrol", "Configuration data as of 2026-11-28T12:00:00\nSLURM_VERSION = 22.05.8\n"),
    answer("squeue", "7|RUNNING|\n"),
    answer("sacct", ""),
  ]);

  assert.equal(commands.length, 4);
  assert.ok(commands.filter((line) => / -u 1000\b/.test(line)).length === 2, commands.join("\n"));
  assert.equal(site.config?.values.get("SLURM_VERSION"), "22.05.8");
  assert.equal(site.squeue?.stdout, "7|RUNNING|\n");
  assert.match(commands.find((line) => line.startsWith("sacct"))!, /JobIDRaw,Submit,SubmitLine/);
  assert.ok(site.answeredAtS > site.askedAtS);
});

Deno.test("askSite() does not ask an old sacct for what it does not know", async () => {
  const old = [
    ...[answer("sbatch", "slurm 20.11.9\n"), answer("squeue", ""), answer("sacct", "")],
  ];
  const { commands } = await asked([...old, { to: ["scontrol"], code: 1, stderr: "no\n" }]);

  assert.doesNotMatch(commands.find((line) => line.startsWith("sacct"))!, /SubmitLine/);
});

Deno.test("askSite() says why a program gave no answer, and asks none that is not there", async () => {
  const { site } = await asked(
    [answer("sbatch", "slurm 24.11.5\n"), { to: ["scontrol"], code: 1, stderr: "no controller\n" }],
    ["sbatch", "scontrol"],
  );

  assert.equal(site.scontrol?.failure?.code, "SLURM_UNAVAILABLE");
  assert.equal(site.scontrol?.failure?.detail?.trim(), "no controller");
  assert.deepEqual(["config", "squeue", "sacct"].filter((name) => name in site), []);
});

Deno.test("askSite() does not take an error with exit status 0 for an answer", async () => {
  const error = "error: Unable to contact slurm controller\n";
  const { site } = await asked([
    answer("sbatch", "slurm-wlm 22.05.8\n"),
    answer("scontrol", error),
    answer("squeue", error),
    { to: ["sacct"], stderr: error },
  ]);

  for (const call of [site.scontrol, site.squeue, site.sacct]) {
    assert.match(call?.failure?.message ?? "", /Unable to contact/);
  }
  assert.equal(site.config, undefined);
});

Deno.test("askSite() does not take silence of scontrol for an answer", async () => {
  const { site } = await asked(ALL.map((program) => answer(program, "")));

  assert.match(site.scontrol?.failure?.message ?? "", /scontrol printed no answer/);
  assert.equal(site.config, undefined);
  assert.deepEqual([site.squeue?.failure, site.sacct?.failure], [undefined, undefined]);
});

Deno.test("versionIn() reads what sbatch --version prints", () => {
  assert.equal(versionIn("slurm-wlm 22.05.8\n"), "22.05.8");
  assert.equal(versionIn("slurm 24.11\n"), "24.11");
  assert.equal(versionIn("sbatch wrapper 3.1\n"), undefined);
  assert.equal(versionIn(undefined), undefined);
});
