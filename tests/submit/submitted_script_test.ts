import assert from "node:assert/strict";
import { findSubmittedScript } from "../../src/submit/submitted_script.ts";
import { TestFolder } from "../support/test_folder.ts";

/** What is found for a command that runs in the folder: a path from there, or the text of --wrap. */
async function found(folder: TestFolder, command: string): Promise<string | undefined> {
  const script = await findSubmittedScript(command, folder.root);
  if (script === undefined) return undefined;
  return "wrap" in script ? `wrap: ${script.wrap}` : script.file.replace(`${folder.root}/`, "");
}

const FILES = {
  ...{ "job.sh": "", "sub/job.sh": "", "sub/only.sh": "", "my job.sh": "", "here.sh": "" },
};

const CASES: readonly [command: string, file: string | undefined][] = [
  ["sbatch job.sh", "job.sh"],
  ["sbatch --time=5 sub/only.sh 1 2", "sub/only.sh"],
  ["sbatch 'my job.sh'", "my job.sh"],
  ["sbatch --chdir=sub job.sh", "sub/job.sh"],
  ["sbatch -D sub only.sh", "sub/only.sh"],
  ["sbatch -D sub ./job.sh", "job.sh"],
  ["sbatch -D sub ./only.sh", undefined],
  ["sbatch -D sub here.sh", "here.sh"],
  ["sbatch -D sub sub/only.sh", "sub/only.sh"],
  ["sbatch -n1 : -n1 job.sh", "job.sh"],
  ["sbatch -n1 : -n1 -D sub job.sh", "sub/job.sh"],
  ["sbatch -n1 : -n1 --wrap 'echo x'", "wrap: echo x"],
  ["sbatch none.sh", undefined],
  ["sbatch sub", undefined],
  ["sbatch --wrap 'echo x'", "wrap: echo x"],
  // A shell has to read these.
  ["N=1 sbatch job.sh | tee log", "job.sh"],
  ["true && sbatch job.sh", "job.sh"],
  ["module load x && A=1 sbatch -t 5 job.sh 1 2>&1", "job.sh"],
  ['export A=1; sbatch --time="$T" job.sh $A *.txt > log', "job.sh"],
  ["mkdir -p sub\nsbatch 'my job.sh' | tee -a log | awk '{print $4}'", "my job.sh"],
  ["sbatch job.sh || { echo no; exit 1; }", undefined],
  ["sbatch job.sh || exit 1", "job.sh"],
  // What comes before may have another file stand there, or another folder be the current one.
  ["sed -i s/old/new/ job.sh && sbatch job.sh", undefined],
  ["echo echo > job.sh; sbatch job.sh", undefined],
  ["echo echo | tee ./job.sh; sbatch job.sh", undefined],
  ["sbatch job.sh > job.sh", undefined],
  ["sbatch job.sh > $LOG", undefined],
  ["sbatch job.sh | sed -i s/a/b/ job.sh", undefined],
  [". ./setup.sh && sbatch job.sh", undefined],
  ["make job.sh & sbatch job.sh", undefined],
  ["sbatch job.sh $(sed -i s/a/b/ job.sh)", undefined],
  ["sh -c 'cd sub; sbatch job.sh'", undefined],
  // Which of them is called, only the shell knows.
  ["false && sbatch only.sh || sbatch job.sh", undefined],
  ["if true; then sbatch job.sh; else sbatch here.sh; fi", undefined],
  ["sbatch job.sh && sbatch here.sh", undefined],
  ["sbatch <<E\n#!/bin/sh\nsbatch job.sh\nE", undefined],
  ["sbatch --time=$T job.sh", undefined],
  ["PATH=bin sbatch path.sh", undefined],
  ["cd sub && sbatch job.sh", undefined],
  ["true; sbatch -D sub job.sh", undefined],
  ["sbatch $SCRIPT", undefined],
  ["true; sbatch *.sh", undefined],
  ["sbatch", undefined],
];

for (const [command, file] of CASES) {
  Deno.test(`findSubmittedScript() of ${command} → ${file ?? "it cannot be told"}`, async () => {
    await using folder = await TestFolder.create(FILES);

    assert.equal(await found(folder, command), file);
  });
}

Deno.test("findSubmittedScript() looks on PATH for a bare name that is not in the folder", async () => {
  await using folder = await TestFolder.create({ ...FILES, "bin/job.sh": "", "bin/there.sh": "" });
  const path = Deno.env.get("PATH")!;
  try {
    Deno.env.set("PATH", `relative:${folder.at("bin")}:${path}`);
    assert.equal(await found(folder, "sbatch there.sh"), "bin/there.sh");
    assert.equal(await found(folder, "sbatch job.sh"), "job.sh", "the folder takes precedence");
    assert.equal(await found(folder, "sbatch ./there.sh"), undefined);
  } finally {
    Deno.env.set("PATH", path);
  }
});
