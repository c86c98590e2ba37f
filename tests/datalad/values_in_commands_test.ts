import assert from "node:assert/strict";
import * as fc from "fast-check";
import { join } from "node:path";
import { fillColumnsOfCommand } from "../../src/datalad/fill_columns.ts";
import { fillPlaceholders } from "../../src/datalad/placeholders.ts";
import { ShellText } from "../../src/datalad/shell_text.ts";
import { Sandbox } from "../support/sandbox.ts";

const SHELLS = [["/bin/sh"], ["bash", "--posix"], ["bash"]];

/** Programs that shells find; as with the real ones, a script is an option's text or standard input. */
const PROGRAMS: Readonly<Record<string, string>> = {
  words: 'for w; do printf "%s\\0" "$w"; done',
  sbatch: 'case $1 in --wrap | --wr) exec sh -c "$2" ;; --wr*=*) exec sh -c "${1#*=}" ;; esac\n' +
    "case $1 in -* | '') exec sh ;; esac",
  ssh: 'shift; exec sh -c "$*"',
};

/** Where shells run: what they were made to run leaves a file. */
class ShellWorld implements AsyncDisposable {
  readonly #sandbox: Sandbox;
  readonly mark: string;

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.mark = join(sandbox.root, "ran");
  }

  static async create(): Promise<ShellWorld> {
    const sandbox = await Sandbox.create();
    for (const [name, text] of Object.entries(PROGRAMS)) {
      const file = join(sandbox.programs, name);
      await Deno.writeTextFile(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    return new ShellWorld(sandbox);
  }

  /** The words that the program `words` gets in a line; in every shell the same. */
  wordsIn(line: string): string[] {
    const outputs = SHELLS.map((shell) => this.#runWith(shell, line));
    assert.equal(new Set(outputs).size, 1, `shells differ: ${line}: ${JSON.stringify(outputs)}`);
    return outputs[0]!.split("\0").slice(0, -1);
  }

  /** The shells that run what a value says when they are given a line. */
  ranBy(line: string): string[] {
    return SHELLS.filter((shell) => {
      this.#runWith(shell, line);
      try {
        Deno.removeSync(this.mark);
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    }).map((shell) => shell.join(" "));
  }

  #runWith([program, ...options]: readonly string[], line: string): string {
    const cwd = Deno.makeTempDirSync({ dir: this.#sandbox.root });
    const { stdout } = new Deno.Command(program!, {
      args: [...options, "-c", line],
      cwd,
      env: { PATH: `${this.#sandbox.programs}:/usr/bin:/bin`, known: "v" },
      clearEnv: true,
      stdin: "null",
      stderr: "null",
    }).outputSync();
    Deno.removeSync(cwd, { recursive: true });
    return new TextDecoder().decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox[Symbol.asyncDispose]();
  }
}

/** Ways to get out of every quotation; MARK is a file that must not appear. */
const HOSTILE = [
  ...["$(:>MARK)", "`:>MARK`", ";:>MARK;", "\n:>MARK\n", '";:>MARK;"', "';:>MARK;'", "$(", "`"],
  ...["');:>MARK;('", "a[$(:>MARK)]", "\\", "'", '"', "\n", "):>MARK;(", "};:>MARK;{", "a b", "x"],
  ...["\\';:>MARK;#", "EOT\n:>MARK\n", "|:>MARK|", "&:>MARK&", "--wrap=:>MARK", "", "eval", "sh"],
  ...["${x:-$(:>MARK)}", "# ' \n:>MARK", "'\"'\"';:>MARK;#", "-c", ":>MARK", '"$(:>MARK)"'],
  ...["\\\n:>MARK", "in a) :>MARK;;esac", "\u00e9\u2028\u00a0*"],
];

/** What templates are made of: {a} and {b} are values, {l} is a list. */
const PIECES = [
  ...["{a}", "{a}", "{b}", "{b}", "{l}", "{l[0]}", "{l[0]!r}", "{l:.3}", " ", " ", " ", "\n", "'"],
  ...["'", '"', '"', "\\", "\\\n", "$", "$(", ")", "`", "$((", "))", "${{x", "${{x:-", "}}", "$'"],
  ...['$"', "#", " # don't\n", "<<EOT\n", "\nEOT\n", "<<'EOT'\n", ";", "&", "|", "||", "&&", "("],
  ...["=", "e", "echo ", ": ", "eval ", "sbatch ", "job.sh ", "--wrap=", "--wrap ", "x=", "$x"],
  ...["sbatch --wrap '", "sh -c ", "bash -c '", "case x in x)", " esac", "[[ ", " ]]", " -eq 1"],
  ...["((", "{{", "!", "~", "*", "[", "]", "if ", "then ", "fi", "ssh h ", "cat ", "export "],
  ...[
    "printf '%s\\n' ",
    "| sh",
    "| sbatch",
    "declare -i y=",
    "PS4=",
    "for i in ",
    "; do ",
    " done",
  ],
  ...[">", "/dev/null", "<(", ">(", "<", ">&", "&>", 'echo "$(basename ', '")"', "-", "_", "trap "],
  ...["EXIT", "env ", "xargs ", "$known", '"$@"', "x={a};", 'eval "$x"', "sh -c 'eval \"$1\"' x "],
  ...[
    "| xargs sh -c ",
    "awk 'BEGIN{{system(\"",
    "set -- {a};",
    "$1",
    "sh -c '",
    "for x in {a}; do ",
  ],
];

/** `--wrap {a}`: whoever writes that wants the value to be run. */
const WANTS_CODE_REGEXP = /--wr(ap?)?[^a-z]*[ =]['"\\\n]*\{/;

Deno.test("fillPlaceholders() makes no shell run what is in a value, whatever the template is", async () => {
  await using world = await ShellWorld.create();
  const hostile = fc.constantFrom(...HOSTILE.map((text) => text.replaceAll("MARK", world.mark)));
  const template = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 9 })
    .map((pieces) => pieces.join(""))
    .filter((text) => /\{[abl]/.test(text) && !WANTS_CODE_REGEXP.test(text));
  const list = fc.array(hostile, { maxLength: 2 });
  fc.assert(
    fc.property(template, hostile, hostile, list, fc.boolean(), (text, a, b, l, isTable) => {
      const columns = new Map<string, string | string[]>([["a", a], ["b", b]]);
      const lists = new Map<string, string | string[]>([["l", l]]);
      let line: string;
      try {
        line = isTable
          ? fillPlaceholders(
            fillColumnsOfCommand(text, new Map([["a", a], ["b", b]]), lists),
            lists,
          )
          : fillPlaceholders(text, new Map([...columns, ...lists]));
      } catch (error) {
        // Refused: the braces do not match, or a value cannot stand there.
        if ((error as Error).name !== "UserError") throw error;
        return;
      }

      assert.deepEqual(world.ranBy(line), [], line);
    }),
    { numRuns: 400 },
  );
});

const ODD = [
  "a b",
  "it's",
  '"',
  "$HOME",
  "$(x)",
  "`x`",
  "\\",
  "*",
  "a;b",
  "#x",
  "~",
  "x\ny",
  "\u00e9",
];

/** Templates, and the words that the program gets; only the value unless it says otherwise. */
const PLACES: readonly { template: string; words?: (value: string) => string[] }[] = [
  { template: "words {v}" },
  { template: "words '{v}'" },
  { template: 'words "{v}"' },
  { template: "words --name={v}", words: (value) => [`--name=${value}`] },
  { template: "words 'a {v} b'", words: (value) => [`a ${value} b`] },
  { template: 'words "$(printf %s {v})"' },
  { template: 'words "$(printf %s "{v}")" {v}', words: (value) => [value, value] },
  { template: "# don't\nwords {v}" },
  { template: "words \\\n  {v}" },
  { template: "words \\' {v} \\\" {v}", words: (value) => ["'", value, '"', value] },
  { template: "words `echo a` {v}", words: (value) => ["a", value] },
  { template: 'words "${{known}}" $((1 + (2))) {v}', words: (value) => ["v", "3", value] },
  { template: 'x={v}; words "$x"' },
  { template: "if true; then words {v}; fi" },
  { template: "cd . &&\\\n words {v} 2>&1 | cat" },
  { template: "case {v} in {v}) words {v} ;; esac" },
  { template: 'for i in {v}; do words "$i"; done' },
  { template: "test -n {v} || exit; words {v}" },
  { template: "sh -c 'words {v} x'", words: (value) => [value, "x"] },
  { template: "sh -c \"words '{v}'; :\"" },
  { template: "bash -o pipefail -ec 'words \"{v}\"; :'" },
  { template: "sbatch --wrap=\"sh -c 'words {v} x'\"", words: (value) => [value, "x"] },
  { template: "sh -c 'words \"$@\"' sh {v}" },
  { template: "bash -o pipefail -ec 'words \"$1\"; :' x {v}" },
  { template: "x={v} sh -c 'words \"$x\"'" },
  { template: "words {v} | cat | tee log" },
  { template: "sbatch --wrap 'x={v}; words \"$x\"'" },
  { template: "awk -F : -f /dev/null {v}; words {v}" },
  { template: "sbatch --wrap 'words {v} x'", words: (value) => [value, "x"] },
];

for (const { template, words = (value: string) => [value] } of PLACES) {
  Deno.test(`fillPlaceholders() gives the program one word for a value in ${template}`, async () => {
    await using world = await ShellWorld.create();
    for (const value of ODD) {
      const values = new Map([["v", value]]);
      for (
        const line of [
          fillPlaceholders(template, values),
          fillPlaceholders(fillColumnsOfCommand(template, values, new Map()), new Map()),
        ]
      ) {
        assert.deepEqual(world.wordsIn(line), words(value), line);
      }
    }
  });
}

const FORBIDDEN = [
  "sbatch <<EOT\n{v}\nEOT",
  "sbatch <<'EOT'\n{v}\nEOT",
  "sbatch <<< {v}",
  "cat <<EOT\nx\nEOT\nwords {v}",
  "words `words {v}`",
  "words `words \\`x\\``; words {v}",
  "words # {v}",
  "words $'{v}'",
  "words $'a\\'b' {v}",
  "words ${{x:-{v}}}",
  'words "${{x:-"a"}}" {v}',
  "words $(({v}))",
  "words $[{v}]",
  "words \\{v}",
  "words ${v}",
  "$(words {v})",
  "x[{v}]=1",
  "[[ {v} -eq 1 ]]",
  "(( {v} ))",
  "declare -i x; x={v}",
  "alias words=eval; words {v}",
  "test -v {v}",
  "PS4={v}; set -x; words",
  "printf '#!/bin/sh\\nwords %s\\n' {v} | sbatch --parsable",
  "echo {v} | python3",
  "words {v} | sed s/a/b/",
  "x={v}; words $((x + 1))",
  "x={v}; [[ x -eq 1 ]]",
  'x={v}; words "${{!x}}"',
  "x={v}; words ${{known:x}}",
  "x={v}; cat <<EOT\nEOT\neval $x",
  "env -i ssh host words {v}",
  'perl -e "print {v}"',
  'python3 -c"print({v})"',
  "su -c 'words {v}' user",
  "git -c alias.x='!{v}' x",
  "awk 'BEGIN{{system(\"{v}\")}}'",
  "awk -F : 'BEGIN{{system(\"{v}\")}}'",
  "sed -n '1e {v}' job.sh",
  "sed -ne '1e {v}' job.sh",
  "words <(words {v})",
  'words "$(case x in x) words {v} ;; esac)"',
  'sbatch --wrap "words $known {v}"',
  'sbatch --wrap "cat <<EOT\n{v}\nEOT"',
  "words >& {v}",
];

for (const template of FORBIDDEN) {
  Deno.test(`fillPlaceholders() refuses a value that needs quotes in ${template}`, () => {
    for (
      const fill of [
        (value: string) => fillPlaceholders(template, new Map([["v", value]])),
        (value: string) => fillColumnsOfCommand(template, new Map([["v", value]]), new Map()),
      ]
    ) {
      for (const value of ["a b", "$(x)", "it's", "\n", "a\0"]) {
        assert.throws(() => fill(value), {
          name: "UserError",
          code: "UNSAFE_PLACEHOLDER",
          message: /No job was submitted$/,
        });
      }
      // What means nothing to a shell may stand anywhere.
      assert(fill("gold-1.5").includes("gold-1.5"));
    }
  });
}

/** Where any word is code, and templates in which a variable brings a value there. */
const CODE = [
  "sh -c {v}",
  "eval words {v}",
  "command eval words {v}",
  "env -S 'words {v}'",
  'eval "$(words {v})"',
  "trap {v} EXIT",
  "watch words {v}",
  "su user -c {v}",
  "flock job.sh -c {v}",
  "script -qc {v} /dev/null",
  "find . -exec sh -c {v} \\;",
  "echo {v} | sh",
  "echo {v} |\nbash -s",
  "echo {v} | xargs -I@ sh -c @",
  "echo {v} | xargs sbatch",
  "echo {v} | (cat; sh)",
  'echo {v} | while read x; do eval "$x"; done',
  "sbatch --wrap 'echo {v} | sh'",
  "x={v}; eval words $x",
  'x={v}; eval "$x"; words',
  "x={v}; $x",
  'x={v}; nohup "$x"',
  'x={v}; y=$x; sh -c "$y"',
  'x=$(echo {v}); eval "$x"',
  "x={v}; words `eval $x`",
  'x={v}; words "${{x@P}}"',
  "x={v} sh -c 'eval \"$x\"'",
  "env x={v} sh -c 'eval \"$x\"'",
  'export x={v}; sh -c "$x"',
  'x={v}; sbatch --wrap "$x"',
  'x={v}; sbatch "--wr$x"',
  "x={v}; sbatch --$x",
  'for i in {v}; do sh -c "$i"; done',
  'set -- {v}; sh -c "$1"',
  'set -- {v}; "$@"',
  'f() {{ eval "$1"; }}; f {v}',
  "sh -c 'eval \"$1\"' x {v}",
  "sh -c 'exec \"$@\"' x {v}",
  "sbatch --wrap 'x={v}; eval \"$x\"'",
  "cd {v} && eval words $PWD",
];

for (const template of CODE) {
  Deno.test(`fillPlaceholders() refuses every value in ${template}`, () => {
    for (const value of ["reboot", "", "a b", "$(x)", "it's"]) {
      const values = new Map([["v", value]]);
      for (
        const fill of [
          () => fillPlaceholders(template, values),
          () => fillColumnsOfCommand(template, values, new Map()),
        ]
      ) {
        assert.throws(fill, {
          code: "UNSAFE_PLACEHOLDER",
          message: /No job was submitted$/,
        }, value);
      }
    }
  });
}

Deno.test("fillPlaceholders() lets code read variables that hold no value", () => {
  for (
    const template of [
      'eval "$HOME/x"; sbatch job.sh {v}',
      "ssh login1 sbatch job.sh {v}",
      'eval "$(conda shell.bash hook)"; sbatch job.sh {v}',
      '"$HOME"/bin/submit {v}',
      "cat list | sh; sbatch job.sh {v}",
      "x={v} sbatch job.sh $((HOME + 1))",
      "sbatch --wrap 'python3 fit.py -c {v} {v}'",
      "sbatch <<'EOT'\n#!/bin/sh\nexport x={v}\nwords $x\nEOT",
    ]
  ) assert(fillPlaceholders(template, new Map([["v", "gold-1.5"]])).includes("gold-1.5"), template);
});

Deno.test("fillPlaceholders() holds what ssh runs against no value that stands elsewhere in the line", () => {
  const fill = (template: string) => fillPlaceholders(template, new Map([["v", "a b"]]));

  assert.equal(fill("sbatch job.sh {v} && ssh host true"), "sbatch job.sh 'a b' && ssh host true");
  assert.throws(() => fill("x={v}; ssh host true $x"), { code: "UNSAFE_PLACEHOLDER" });
});

Deno.test("fillPlaceholders() refuses a value that sets a variable which shells run", () => {
  const fill = (template: string, value: string) =>
    fillPlaceholders(template, new Map([["v", value]]));

  for (
    const [template, value] of [
      ["sbatch --export=x={v} job.sh", "1,BASH_ENV=$(id)"],
      ["sbatch --export {v} job.sh", "x=1,BASH_ENV=$(id)"],
      ["sbatch --export={v} job.sh", "BASH_FUNC_ls%%=() { id; }"],
      ["env {v} sbatch job.sh", "BASH_ENV=$(id)"],
      ["export {v}; sbatch job.sh", "LD_PRELOAD=x.so"],
    ] as const
  ) assert.throws(() => fill(template, value), { code: "UNSAFE_PLACEHOLDER" }, template);
  assert.equal(
    fill("sbatch --export=x={v} job.sh", "1,y=2"),
    "sbatch --export=x=1,y=2 job.sh",
  );
  assert.equal(fill("sbatch job.sh {v}", "ENV=test"), "sbatch job.sh ENV=test");
});

Deno.test("fillPlaceholders() refuses a value that would be sbatch's --wrap", () => {
  for (
    const [template, value] of [
      ["sbatch {v}", "--wrap=id"],
      ["sbatch --{v}", "wr=id"],
      ["sbatch x {v}", "--wrap"],
      ["sbatch $(echo {v})", "x --wrap=id"],
      ["sbatch --wrap 'sbatch {v}'", "--wrap=id"],
      ['x={v}; sbatch "$x"', "--wrap=id"],
      ["x={v}; sbatch $x", "a --wrap=id"],
      ['for i in {v}; do sbatch "$i"; done', "--wrap=id"],
      ["sh -c 'sbatch \"$1\"' sh {v}", "--wrap=id"],
      ["sh -c 'sbatch {v}'", "--wrap=id"],
      ["S=sbatch; `echo $S` {v}", "--wrap=id"],
    ] as const
  ) {
    assert.throws(() => fillPlaceholders(template, new Map([["v", value]])), {
      code: "UNSAFE_PLACEHOLDER",
    });
  }
  assert.equal(fillPlaceholders("x {v}", new Map([["v", "--write=1"]])), "x --write=1");
});

Deno.test("fillPlaceholders() takes a value that is all of a job's script for the script", () => {
  const values = new Map([["v", "echo a; echo b"]]);

  assert.equal(fillPlaceholders("sbatch --wrap {v}", values), "sbatch --wrap 'echo a; echo b'");
});

Deno.test("fillPlaceholders() puts a list into a script as words of it", async () => {
  await using world = await ShellWorld.create();
  const values = new Map([["l", ["a b", "c"]]]);

  const line = fillPlaceholders("sbatch --wrap 'words {l}; :'", values);

  assert.deepEqual(world.wordsIn(line), ["a b", "c"]);
});

Deno.test("fillPlaceholders() refuses a list in place of a command: it may be sh -c TEXT", () => {
  const values = new Map([["l", ["sh", "-c", ":>x"]]]);

  for (const template of ["{l}", "nice -n 10 {l}", "sh {l}", "true; {l}"]) {
    assert.throws(() => fillPlaceholders(template, values), { code: "UNSAFE_PLACEHOLDER" });
  }
  assert.equal(fillPlaceholders("nice words {l}", values), "nice words sh -c ':>x'");
});

Deno.test("fillPlaceholders() takes the user's substitutions as they are, a dataset's as plain words", () => {
  const fill = (text: string, isOfDataset: boolean) =>
    fillPlaceholders("sbatch {opts} job.sh", new Map([["opts", new ShellText(text, isOfDataset)]]));

  assert.equal(fill('-p "$P"; x', false), 'sbatch -p "$P"; x job.sh');
  assert.equal(fill("-p debug --time=1", true), "sbatch -p debug --time=1 job.sh");
  for (const text of ["'; touch x; '", "$(x)", "a\nb", "--wrap=id", "x --wr id", "a;b", "~", "*"]) {
    assert.throws(() => fill(text, true), {
      code: "UNSAFE_PLACEHOLDER",
      hint: /git config datalad\.run\.substitutions\.opts /,
    });
  }
});
