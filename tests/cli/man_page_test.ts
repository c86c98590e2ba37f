import assert from "node:assert/strict";
import { renderManPage } from "../../src/cli/man_page.ts";
import { defineProgram } from "../../src/cli/program.ts";

const program = await defineProgram(() => Promise.resolve());
const page = renderManPage(program, { version: "9.8.7" });
const lines = page.split("\n");

Deno.test("renderManPage() has every command and option that help shows", () => {
  const plain = page.replaceAll("\\-", "-");
  for (const command of program.commands) {
    const help = command.createHelp();
    // What help leaves out is nobody's to type.
    if (!program.createHelp().visibleCommands(program).includes(command)) continue;
    assert(plain.includes(`.SS dlslurm ${command.name()}\n`), command.name());
    for (const option of help.visibleOptions(command)) {
      assert(plain.includes(option.long ?? option.flags), `${command.name()} ${option.flags}`);
    }
  }
  assert.match(plain, /"dlslurm 9\.8\.7"/);
});

Deno.test("renderManPage() makes no request of a line of text", () => {
  const known = /^\.(TH|SH|SS|PP|TP|B|BR|I|nf|fi)( |$)/;

  for (const line of lines) {
    if (line.startsWith(".")) assert.match(line, known);
    assert(!line.startsWith("'"), line);
    // troff reads ASCII.
    assert.doesNotMatch(line.replace(/^\.TH.*/, ""), /[^\x20-\x7e]|(?<!\\)-/);
  }
});

Deno.test("renderManPage() leaves the definitions as they are", () => {
  assert.equal(renderManPage(program, { version: "9.8.7" }), page);
});
