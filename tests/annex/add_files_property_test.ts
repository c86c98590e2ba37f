import assert from "node:assert/strict";
import fc from "fast-check";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { quote } from "../support/wrapped_programs.ts";
import { randomRule } from "./random_rules.ts";
import { Twins } from "./twins.ts";

/** Line breaks have a test of their own: git-annex 10.20230126 cannot add such files. */
const LETTERS = [..."aBzéß日 '\"$*?[]\\-.~:(){}&;#%!=,@+\t"];
const ENDINGS = ["", ".txt", ".bin", ".tar.gz", ".c", ".longer_than_git_annex_takes"];

const name = fc.tuple(
  fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 8 }),
  fc.constantFrom(...ENDINGS),
).map((parts) => parts.join("")).filter((text) => !/^\.{1,2}$|^\.git/i.test(text));

const content = fc.oneof(
  fc.constantFrom("", "x", "the same text\n", "\0the same bytes", "a\r\nb\r\n", "%PDF-1.4\n"),
  fc.string({ maxLength: 2_000 }),
  fc.constantFrom("\u0000", "ab\u0000").map((text) => text.repeat(70_000)),
).map((text) => new TextEncoder().encode(text));

const MODES = ["644", "755", "600", "444", "400", "664", "777"];

const file = fc.record({
  folder: fc.constantFrom("plain", "plain/deep", "attributes", "backend", "small", ".hidden"),
  name,
  content: fc.oneof(content, fc.uint8Array({ maxLength: 3_000 })),
  isLink: fc.nat(9).map((number) => number === 0),
});

/** Rules for a folder each; these stand in front of the repository's own. */
const PREPARE = "mkdir -p attributes backend small\n" +
  "echo '* annex.largefiles=((mimeencoding=binary)and(largerthan=0))' >attributes/.gitattributes\n" +
  "echo '*.bin annex.largefiles=anything annex.backend=SHA1' >backend/.gitattributes\n" +
  "echo '* annex.largefiles=(largerthan=100b)' >small/.gitattributes\n";

type AnyFile = typeof file extends fc.Arbitrary<infer T> ? T : never;

function scriptOf(files: readonly AnyFile[]): string {
  const lines = files.map(({ folder, name, content, isLink }) => {
    const path = quote(`out/${folder}/${name}`);
    if (isLink) return `ln -s ${quote(`to ${name}`)} ${path}`;
    // The same for the same content: an object has the mode of the first of them, in whatever order.
    const mode = MODES[content.length % MODES.length];
    return `printf %s ${content.toBase64()} | base64 -d >${path}; chmod ${mode} ${path}`;
  });
  const folders = [...new Set(files.map(({ folder }) => `out/${folder}`))];
  return `mkdir -p ${folders.join(" ")}\n${lines.join("\n")}\n` +
    "find out -not -name .gitattributes -exec touch -h -d '2020-02-02 12:00:00' {} +\n";
}

testIfAvailable(
  ["git-annex"],
  "addFiles() leaves any files as git annex add leaves them, whatever the rule",
  async () => {
    const many = fc.uniqueArray(file, {
      minLength: 15,
      maxLength: 40,
      selector: (one) => `${one.folder}/${one.name}`,
    });
    let quick = 0;
    const check = async (files: AnyFile[], rule: string | null) => {
      await using sandbox = await Sandbox.create();
      const configure = rule === null ? "" : `git config annex.largefiles ${quote(rule)}\n`;
      const prepare = `${configure}mkdir out && cd out\n${PREPARE}cd ..\n` +
        "git -c annex.largefiles=nothing add out";
      const twins = await Twins.create(sandbox, "twin", prepare, scriptOf(files));

      const added = await twins.addOurs(await twins.findPaths("out"));
      await twins.addTheirs("out");

      assert.deepEqual(added.failures, []);
      quick += files.length - added.entriesWithoutStat.length;
      const [ours, theirs] = [await twins.describe(twins.ours), await twins.describe(twins.theirs)];
      assert.deepEqual(ours, theirs);
    };
    await fc.assert(
      fc.asyncProperty(many, fc.option(randomRule, { nil: null }), check),
      { numRuns: 10, endOnFailure: true },
    );
    assert(quick > 50, `only ${quick} files were added without git annex add`);
  },
);
