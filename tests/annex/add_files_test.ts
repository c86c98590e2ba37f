import assert from "node:assert/strict";
import { addFiles } from "../../src/annex/add_files.ts";
import { Git } from "../../src/git/git.ts";
import type { Runner } from "../../src/process/runner.ts";
import { TestRepository } from "../support/test_repository.ts";
import { quote } from "../support/wrapped_programs.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { Twins } from "./twins.ts";

/** Enough files for the fast path, whatever else a test writes. */
const MANY = "mkdir -p out; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do " +
  'echo "text $n" >out/$n.txt; printf "\\0\\1%s" $n >out/$n.bin; done\n';

/** Old files: git-annex keeps their times in the links. */
const OLD = "find out -exec touch -h -d '2020-02-02 12:00:00' {} +\n";

const ATTRIBUTES = {
  nothing: "",
  text2git: "* annex.largefiles=((mimeencoding=binary)and(largerthan=0))\n* annex.backend=MD5E\n",
  "by name and backend": "*.bin annex.largefiles=anything annex.backend=SHA1\n" +
    "*.txt annex.largefiles=nothing\n",
  "by size": "* annex.largefiles=(largerthan=6b)\n",
  "by type": "* annex.largefiles=mimetype=text/*\n",
} as const;

/** Files that differ in one respect; `slow` names those that git-annex itself has to add. */
const CASES: readonly { readonly name: string; readonly fill: string; readonly slow?: string[] }[] =
  [
    { name: "empty files", fill: ": >out/empty; : >out/empty.bin" },
    {
      name: "odd names",
      fill: "printf '\\0a' >'out/a b.bin'; printf '\\0b' >\"out/it's \\\"b\\\".bin\"; " +
        "printf '\\0c' >out/-c.bin; printf '\\0d' >out/füße.bin; printf '\\0e' >'out/[e]*?.bin'; " +
        "printf '\\0f' >'out/:(top)f.bin'; printf '\\0g' >'out/back\\slash.bin'; mkdir ./out/-r; " +
        "printf '\\0h' >out/-r/h.tar.gz; printf '\\0i' >'out/ i .bin'",
    },
    {
      name: "names that are no text",
      fill: "printf '\\0c' >\"$(printf 'out/c\\377.bin')\"; echo d >\"$(printf 'out/d\\377.txt')\"",
      slow: ["out/c\udcff.bin", "out/d\udcff.txt"],
    },
    {
      name: "permissions",
      fill:
        "printf '\\0x' >out/x.bin; chmod 755 out/x.bin; echo x >out/x.sh; chmod 755 out/x.sh; " +
        "printf '\\0y' >out/y.bin; chmod 600 out/y.bin; printf '\\0z' >out/z.bin; " +
        "chmod 444 out/z.bin; echo r >out/r.txt; chmod 400 out/r.txt; " +
        "printf '\\0w' >out/w.bin; chmod 777 out/w.bin",
    },
    {
      name: "links",
      fill: "ln -s 1.txt out/link; ln -s nowhere out/broken; ln -s /etc/passwd out/outside; " +
        "ln -s ../out out/folder; ln -s \"$(printf 'a\\nb')\" out/odd",
    },
    { name: "hard links", fill: "ln out/1.bin out/same.bin; ln out/2.bin elsewhere.bin" },
    {
      name: "the same content twice, and once more than there was",
      fill: "cp out/1.bin out/copy.bin; cp out/1.bin out/copy; cp old.bin out/again.bin",
    },
    {
      name: "dotfiles",
      fill: "printf '\\0x' >out/.x.bin; mkdir out/.d; printf '\\0y' >out/.d/y.bin; echo z >out/.z",
    },
    {
      name: "many kinds of content",
      fill: "printf '\\377\\376a\\0b\\0' >out/utf16; printf 'caf\\351\\n' >out/latin; " +
        "printf '%%PDF-1.4\\n\\0' >out/a.pdf; printf '\\211PNG\\r\\n\\032\\n' >out/a.png; " +
        "head -c 300000 /dev/zero >out/zeros; echo '{}' >out/a.json; gzip -nc job.sh >out/a.gz; " +
        "seq 20000 >out/long; printf 'a\\r\\nb\\r\\n' >out/dos; printf x >out/one",
    },
    {
      name: "tracked files",
      fill:
        "echo more >>out/tracked.txt; printf '\\0more' >out/tracked.bin; chmod +x out/mode.txt; " +
        "git annex unlock --quiet out/unlocked.bin; printf '\\0new' >out/unlocked.bin; " +
        "rm -f out/locked.bin; printf '\\0other' >out/locked.bin; ln -sf 1.txt out/retyped.txt",
      slow: ["out/tracked.bin", "out/unlocked.bin", "out/locked.bin"],
    },
  ];

/** These are left to git-annex where the rule sends them to the annex. */
const TRACKED = ["out/tracked.txt", "out/mode.txt"];

const PREPARE =
  "echo '#!/bin/sh' >job.sh; printf '\\0old' >old.bin; git annex add --quiet --force-large old.bin; " +
  "mkdir out; echo t >out/tracked.txt; echo m >out/mode.txt; echo r >out/retyped.txt; " +
  "printf 't\\0' >out/tracked.bin; git -c annex.largefiles=nothing add out job.sh; " +
  "printf '\\0u' >out/unlocked.bin; printf '\\0l' >out/locked.bin; " +
  "git annex add --quiet --force-large out/unlocked.bin out/locked.bin";

for (const [kind, attributes] of Object.entries(ATTRIBUTES)) {
  testIfAvailable(["git-annex"], `addFiles() adds as git annex add does → ${kind}`, async () => {
    await using sandbox = await Sandbox.create();
    const prepare = `printf '%s' ${quote(attributes)} >.gitattributes\n${PREPARE}`;
    const fill = `${MANY}${CASES.map((each) => each.fill).join("\n")}\n${OLD}`;
    const twins = await Twins.create(sandbox, "all", prepare, fill);

    const added = await twins.addOurs(await twins.findPaths("out"));
    await twins.addTheirs("out");

    assert.deepEqual(added.failures, []);
    const toAnnex = CASES.flatMap((each) => each.slow ?? []);
    const given = added.entriesWithoutStat.filter((path) => !toAnnex.includes(path));
    assert.deepEqual(given.filter((path) => !TRACKED.includes(path)), [], "not by our own code");
    const [ours, theirs] = [await twins.describe(twins.ours), await twins.describe(twins.theirs)];
    for (const [aspect, expected] of Object.entries(theirs)) {
      assert.deepEqual(ours[aspect]!.split("\n"), expected.split("\n"), aspect);
    }
  });
}

testIfAvailable(
  ["git-annex"],
  "addFiles() heeds what git annex config keeps beside a rule of git's configuration",
  async () => {
    await using sandbox = await Sandbox.create();
    const prepare = "git config annex.largefiles anything\n" +
      "git annex config --set annex.addunlocked true >config.txt";
    const twins = await Twins.create(sandbox, "all", prepare, `${MANY}${OLD}`);

    const added = await twins.addOurs(await twins.findPaths("out"));
    await twins.addTheirs("out");

    assert.deepEqual(added.failures, []);
    const [ours, theirs] = [await twins.describe(twins.ours), await twins.describe(twins.theirs)];
    assert.match(theirs["staged"]!, /^100644 .*out\/1.bin$/m, "git-annex adds it unlocked");
    assert.deepEqual(ours, theirs);
  },
);

for (const [amount, fill] of [["few", "mkdir out; echo 1 >out/1.txt"], ["many", MANY]] as const) {
  testIfAvailable(
    ["git-annex"],
    `addFiles() adds small files to git though annex.addsmallfiles is false, ${amount} files`,
    async () => {
      await using sandbox = await Sandbox.create();
      const prepare = "git config annex.addsmallfiles false\n" +
        "echo '*.txt annex.largefiles=nothing' >.gitattributes";
      const twins = await Twins.create(sandbox, "all", prepare, fill);
      const paths = await twins.findPaths("out");

      const added = await twins.addOurs(paths);

      assert.deepEqual(added.failures, []);
      const { status } = await twins.describe(twins.ours);
      assert.deepEqual(status!.split("\n"), paths.toSorted().map((path) => `A  ${path}`));
    },
  );
}

for (const entries of [100, 40_000]) {
  const isLarge = entries > 20_000;
  testIfAvailable(
    ["git-annex"],
    `addFiles() of three files, the index has ${entries} → ${
      isLarge ? "our own code" : "git annex add"
    }`,
    async () => {
      await using sandbox = await Sandbox.create();
      const prepare = `printf '%s' ${quote(ATTRIBUTES["by size"])} >.gitattributes`;
      const fill = `blob=$(git hash-object -w --stdin </dev/null)
seq ${entries} | sed "s|.*|100644 $blob\tmany/directories/&|" | git update-index --index-info
mkdir out; for n in 1 2 3; do head -c "\${n}0000" /dev/zero >out/$n.bin; done; ${OLD}`;
      const twins = await Twins.create(sandbox, "all", prepare, fill);

      const added = await twins.addOurs(await twins.findPaths("out"));
      await twins.addTheirs("out");

      assert.deepEqual(added.failures, []);
      assert.equal(added.entriesWithoutStat.length, isLarge ? 0 : 3);
      const [ours, theirs] = [await twins.describe(twins.ours), await twins.describe(twins.theirs)];
      assert.equal(theirs["staged"]!.match(/^120000 /gm)?.length, 3);
      assert.deepEqual(ours, theirs);
    },
  );
}

testIfAvailable(
  ["git-annex"],
  "addFiles() takes links of git-annex as they are, and mends those that were moved",
  async () => {
    await using sandbox = await Sandbox.create();
    const absent = "0123456789012345678901234567890123456789012345678901234567890123";
    const fill = 'mkdir -p out/deep; ln -s "../$(readlink old.bin)" out/found.bin; ' +
      'ln -s "$(readlink old.bin)" out/deep/moved.bin; ' +
      `ln -s ../.git/annex/objects/aa/bb/SHA256E-s1--${absent}/SHA256E-s1--${absent} out/absent; ` +
      "git annex setpresentkey $(git annex lookupkey old.bin) $(git config annex.uuid) 0";
    const twins = await Twins.create(sandbox, "links", PREPARE, fill);
    const look = () => Deno.lstatSync(`${twins.ours}/out/found.bin`).ino;
    const before = look();

    const added = await twins.addOurs(await twins.findPaths("out"));
    await twins.addTheirs("out");

    assert.deepEqual([added.failures, added.entriesWithoutStat], [[], []]);
    assert.equal(look(), before, "it was made anew");
    const [ours, theirs] = [await twins.describe(twins.ours), await twins.describe(twins.theirs)];
    assert.match(ours["whereis"]!, /"file":"out\/deep\/moved.bin".*"note":"1 copy/);
    // git-annex knows that no key of that hash belongs in aa/bb; for it the link is as good.
    const mended = (text: string) => text.replace(/^120000 \S+ 0\tout\/absent$/m, "");
    for (const aspect of ["status", "objects", "logs", "whereis", "present", "journal"]) {
      assert.equal(ours[aspect], theirs[aspect], aspect);
    }
    assert.equal(mended(ours["staged"]!), mended(theirs["staged"]!));
  },
);

/** How git had a file, as shell that makes it of the regular file `$1`, and commits where it has to. */
const FORMERLY: Readonly<Record<string, string>> = {
  "a locked file": 'git annex add --quiet --force-large "$1"',
  "an unlocked file":
    'git annex add --quiet --force-large "$1"; git annex unlock --quiet "$1"; git add "$1"',
  "a file that was unlocked for its job": 'git annex add --quiet --force-large "$1"; ' +
    'git commit --quiet -m x; git annex unlock --quiet "$1"',
  "a file in git": 'git -c annex.largefiles=nothing add "$1"',
  "a link": 'rm "$1"; ln -s before "$1"; git add "$1"',
};

/** What a link leads to, as shell words; `$other` is an annexed file's own link. */
const TARGETS = [
  "job.sh",
  "nowhere",
  "..",
  "/etc",
  "$(printf 'a\\377b')",
  "../data/annex/objects/a/b/scan.nii",
  "../$other",
];

for (const [former, make] of Object.entries(FORMERLY)) {
  testIfAvailable(
    ["git-annex"],
    `addFiles() stages a link as it is that has taken the place of ${former}`,
    async () => {
      await using repository = await TestRepository.create({ "job.sh": "1\n" }, "git-annex");
      const { dataset, root, sandbox } = repository;
      const run = (script: string) => sandbox.require(["sh", "-ec", script], { cwd: root });
      await run(
        "echo other >other; git annex add --quiet --force-large other; mkdir out; " +
          `make() { ${make}; }; for n in ${TARGETS.map((_, at) => at).join(" ")}; do ` +
          'echo "content $n" >out/$n; make out/$n; done; git commit --quiet --allow-empty -m first',
      );
      const links = TARGETS.map((target, at) => `rm -f out/${at}; ln -s "${target}" out/${at}`);
      await run(`other=$(readlink other); ${links.join("; ")}; echo new >out/new`);
      const look = () => run("find out -printf '%p %y %l\\n' | sort");
      const before = await look();
      const paths = TARGETS.map((_, at) => `out/${at}`);

      const added = await addFiles(await repository.openAnnex(), [...paths, "out/new"]);
      await added.locationLog;

      assert.equal((await look()).replace(/^out\/new .*$/m, "out/new f "), before);
      assert.deepEqual([added.failures, added.entriesWithoutStat], [[], ["out/new"]]);
      assert.equal(await dataset.git("diff", "--name-only", "--", ...paths), "");
      const staged = await dataset.git("ls-files", "-s", ...paths);
      assert.deepEqual(staged.match(/^120000 /gm)?.length, paths.length, staged);
      assert.equal(await dataset.git("annex", "fsck", "--quiet"), "");
    },
  );
}

for (
  const { name, prepare = "", beside = 1, mode = "120000" } of [
    { name: "few files" },
    { name: "many files", prepare: "echo 'new* annex.backend=WORM' >.gitattributes", beside: 12 },
    { name: "annex.addunlocked", prepare: "git config annex.addunlocked true", mode: "100644" },
  ]
) {
  testIfAvailable(
    ["git-annex"],
    `addFiles() of a file with the old content that was unlocked for its job, ${name} → ${mode}`,
    async () => {
      await using repository = await TestRepository.create({ "job.sh": "1\n" }, "git-annex");
      const { dataset, root, sandbox } = repository;
      const news = Array.from({ length: beside }, (_, at) => `out/new${at}`);
      const run = (script: string) => sandbox.require(["sh", "-ec", script], { cwd: root });
      await run(
        "mkdir out; for n in again stays; do echo $n >out/$n; done; git annex add --quiet out; " +
          "git annex unlock --quiet out/stays; git add out/stays; git commit --quiet -m first; " +
          `${prepare}\ngit annex unlock --quiet out/again; ` +
          "for n in again stays; do rm out/$n; echo $n >out/$n; touch -d '2020-02-02' out/$n; done; " +
          `for file in ${news.join(" ")}; do echo $file >$file; done`,
      );
      const before = await dataset.git("ls-tree", "-r", "HEAD", "out");

      const added = await addFiles(await repository.openAnnex(), [
        ...["out/again", "out/stays"],
        ...news,
      ]);
      await added.locationLog;

      assert.deepEqual(added.failures, []);
      const staged = await dataset.git("ls-files", "-s", "out/again", "out/stays");
      assert.match(staged, new RegExp(`^${mode} .*\tout/again\n100644 .*\tout/stays$`));
      const tree = await dataset.git("ls-tree", "-r", await dataset.git("write-tree"), "out");
      const old = tree.split("\n").filter((line) => !line.includes("/new")).join("\n");
      if (mode === "120000") assert.equal(old, before);
      const { isSymlink } = await Deno.lstat(repository.at("out/again"));
      assert.equal(isSymlink, mode === "120000");
      assert.equal(await Deno.readTextFile(repository.at("out/again")), "again\n");
      assert.equal(await dataset.git("annex", "fsck", "--quiet"), "");
    },
  );
}

testIfAvailable(
  ["git-annex"],
  "addFiles() names a link that git cannot take, and stages the others",
  async () => {
    await using repository = await TestRepository.create({ "in/a": "1\n" }, "git-annex");
    for (const path of ["one", "in/x", "two"]) await Deno.symlink("a", repository.at(path));
    await Deno.symlink("in", repository.at("beyond"));

    const added = await addFiles(await repository.openAnnex(), ["one", "beyond/x", "two"]);

    assert.deepEqual(added.failures.map(({ path }) => path), ["beyond/x"]);
    assert.match(added.failures[0]!.message, /beyond a symbolic link/);
    assert.equal(await repository.dataset.git("ls-files", "one", "two"), "one\ntwo");
  },
);

// git-annex 10.20230126 cannot add a small file with a line break in its name, nor any file after it.
testIfAvailable(
  ["git-annex"],
  "addFiles() adds files with line breaks in their names",
  async () => {
    await using sandbox = await Sandbox.create();
    const prepare = `printf '%s' ${quote(ATTRIBUTES.text2git)} >.gitattributes`;
    const twins = await Twins.create(sandbox, "all", prepare, MANY);
    await Deno.writeTextFile(`${twins.ours}/out/a\nb.txt`, "text\n");
    await Deno.writeFile(`${twins.ours}/out/a\nb.bin`, new Uint8Array(9));

    const added = await twins.addOurs(await twins.findPaths("out"));

    assert.deepEqual([added.failures, added.entriesWithoutStat], [[], []]);
    const { staged, status, fsck } = await twins.describe(twins.ours);
    assert.match(staged!, /^100644 .*"out\/a\\nb\.txt"$/m);
    assert.match(staged!, /^120000 .*"out\/a\\nb\.bin"$/m);
    assert.doesNotMatch(status!, /^.[^ ]/m);
    assert.equal(fsck, "");
  },
);

testIfAvailable(
  ["git-annex"],
  "addFiles() makes the blobs of files that did not get into the pack",
  async () => {
    await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
    const { dataset, root, runner } = repository;
    await dataset.git("config", "annex.largefiles", "nothing");
    const paths = Array.from({ length: 30 }, (_, at) => `out/${at}`);
    for (const path of paths) await dataset.write(path, `${path}\n`);
    const annex = await repository.openAnnex({ "annex.largefiles": "nothing" });
    let isAsked = false;
    const withoutPacks: Runner = {
      run(argv, options) {
        if (!argv.includes("fast-import")) return runner.run(argv, options);
        isAsked = true;
        const nothing = { code: 1, signal: null, stdout: new Uint8Array(), stderr: "" };
        return Promise.resolve(nothing);
      },
    };

    const added = await addFiles({ ...annex, git: new Git(withoutPacks, root) }, paths);

    assert(isAsked);
    assert.deepEqual([added.failures, added.entriesWithoutStat], [[], []]);
    for (const path of paths) {
      assert.equal(await dataset.git("cat-file", "-p", `:0:${path}`), path);
    }
  },
);
