import assert from "node:assert/strict";
import fc from "fast-check";
import { parseLargeFiles } from "../../src/annex/large_files.ts";
import type { FileFacts, MimeFacts } from "../../src/annex/large_files.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { randomRule } from "./random_rules.ts";

const FILES = ["a.txt", "out/a.bin", "out/sub/b.txt", "x+1.dat"];
const SIZES = [0, 1, 999, 1_000, 1_001, 1_024, 1_025, 2_000_000];
const TYPES = ["text/plain", "application/octet-stream", "image/png"];
const ENCODINGS = ["binary", "us-ascii", "utf-8"];

testIfAvailable(
  ["git-annex"],
  "parseLargeFiles() decides as git annex matchexpression",
  async () => {
    await using sandbox = await Sandbox.create();
    await sandbox.require(["git", "init", "--quiet", "repository"]);
    const cwd = `${sandbox.root}/repository`;
    await sandbox.require(["git", "annex", "init", "--quiet"], { cwd });
    const file = fc.record({
      path: fc.constantFrom(...FILES),
      size: fc.constantFrom(...SIZES),
      mime: fc.record({ type: fc.constantFrom(...TYPES), encoding: fc.constantFrom(...ENCODINGS) }),
    });
    let decided = 0;
    const check = async (text: string, facts: FileFacts & { readonly mime: MimeFacts }) => {
      const parsed = parseLargeFiles(text);
      if (parsed === undefined) return;
      decided++;
      const command = ["annex", "matchexpression", "--largefiles", text, `--file=${facts.path}`];
      const kind = [`--mimetype=${facts.mime.type}`, `--mimeencoding=${facts.mime.encoding}`];
      const argv = ["git", ...command, `--size=${facts.size}`, ...kind] as const;
      const { code } = await sandbox.run(argv, { cwd });
      assert.equal(parsed(facts), code === 0, `${text} of ${JSON.stringify(facts)}: exit ${code}`);
      const withoutMime = parsed({ ...facts, mime: undefined });
      assert(withoutMime === undefined || withoutMime === (code === 0), `${text} without mime`);
    };
    await fc.assert(fc.asyncProperty(randomRule, file, check), { numRuns: 150 });
    assert(decided > 100, `only ${decided} rules were understood`);
  },
);

Deno.test("parseLargeFiles() does not read what has no certain meaning", () => {
  for (
    const text of [
      ...["", "()", "(anything", "anything)", "anything or", "and anything", "not", "not and"],
      ...["bogus", "include=", "include=[ab]", "include=a\\b", "include=ü*", "largerthan=x"],
      ...["largerthan=1.5kb", "largerthan=1kilobyte", "largerthan=-1", "mimetype=TEXT/*"],
      ...[
        "standard",
        "metadata=a=b",
        "unset",
        "set",
        "include=a include=b",
        "include=a\nand include=b or (",
      ],
    ]
  ) {
    assert.equal(parseLargeFiles(text), undefined, text);
  }
});

Deno.test("parseLargeFiles() needs no kind of content where size or name decide", () => {
  const text2git = parseLargeFiles("((mimeencoding=binary)and(largerthan=0))")!;

  assert.equal(text2git({ path: "a", size: 0, mime: undefined }), false);
  assert.equal(text2git({ path: "a", size: 1, mime: undefined }), undefined);
  const mime = { type: "application/octet-stream", encoding: "binary" };
  assert.equal(text2git({ path: "a", size: 1, mime }), true);
});
