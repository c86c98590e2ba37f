import assert from "node:assert/strict";
import { join } from "node:path";
import { openDataset } from "../../src/datalad/dataset.ts";
import { EvidenceGatherer } from "../../src/submit/gather_evidence.ts";
import type { JobToProve, SubmittedEvidence } from "../../src/submit/gather_evidence.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";
import { testSession } from "../support/test_session.ts";

async function createGatherer(
  files: Readonly<Record<string, string>> = { "job.sh": "#!/bin/sh\n" },
) {
  const repository = await TestRepository.create(files);
  const { runner, root } = repository;
  const session = testSession({ runner });
  const open = async () =>
    new EvidenceGatherer(await openDataset(runner, root, undefined), session);
  const job = (changes: Partial<JobToProve> = {}): JobToProve => ({
    ...{
      request: { pwd: ".", altDir: null },
      command: "sbatch job.sh",
      directory: root,
      inputs: [],
    },
    ...changes,
  });
  return { repository, session, open, job };
}

Deno.test("EvidenceGatherer notes when, on which HEAD, by which version, and a script that is saved", async () => {
  const { repository, session, open, job } = await createGatherer();
  await using _repository = repository;
  using gatherer = await open();

  const { noted, script } = await gatherer.gather(job());

  const head = await repository.dataset.git("rev-parse", "HEAD");
  assert.deepEqual(noted.submission, { at: "2027-01-15T08:00:00Z", head });
  assert.equal(noted.version, "9.8.7");
  assert.deepEqual([noted.script?.path, noted.script?.saved, script], ["job.sh", true, null]);
  assert.equal(noted.script?.blob, await repository.dataset.git("rev-parse", "HEAD:job.sh"));
  assert.deepEqual(session.warnings, []);
});

Deno.test("EvidenceGatherer keeps a script that HEAD has not, and warns of it once", async () => {
  const { repository, session, open, job } = await createGatherer();
  await using _repository = repository;
  await repository.dataset.write("job.sh", "#!/bin/sh\necho\n");
  using gatherer = await open();

  const { noted, script } = await gatherer.gather(job());
  await gatherer.gather(job());

  assert.equal(noted.script?.saved, false);
  assert.equal(new TextDecoder().decode(script!.content), "#!/bin/sh\necho\n");
  assert.equal(script!.oid, await repository.dataset.git("hash-object", "job.sh"));
  assert.equal(session.warnings.length, 1);
  assert.match(session.warnings[0]!, /^the batch script "job.sh" is not saved: /);
});

testIfAvailable(
  ["git-annex"],
  "EvidenceGatherer tells an annexed script from another one of its size by the key's digest",
  async () => {
    const { repository, session, open, job } = await createGatherer({ a: "" });
    await using _repository = repository;
    const { dataset } = repository;
    await dataset.git("annex", "init", "-q");
    await dataset.git("config", "annex.addunlocked", "true");
    for (const backend of ["MD5E", "SHA256E", "WORM"]) {
      await dataset.write(`${backend}.sh`, "#!/bin/sh\necho 1\n");
      await dataset.git(
        "annex",
        "add",
        "-q",
        "--force-large",
        `--backend=${backend}`,
        `${backend}.sh`,
      );
    }
    await dataset.git("commit", "-q", "-m", "Add scripts");
    const gather = async (name: string) => {
      using gatherer = await open();
      return await gatherer.gather(job({ command: `sbatch ${name}.sh` }));
    };

    for (const name of ["MD5E", "SHA256E"]) {
      const saved = await gather(name);
      assert.deepEqual([saved.noted.script?.saved, saved.script], [true, null], name);
    }
    for (const name of ["MD5E", "SHA256E", "WORM"]) {
      await dataset.write(`${name}.sh`, "#!/bin/sh\necho 7\n");
      const edited = await gather(name);
      assert.equal(edited.noted.script?.saved, name === "WORM" ? undefined : false, name);
      assert.match(new TextDecoder().decode(edited.script?.content), /echo 7/, name);
    }
    using gatherer = await open();
    for (const name of ["MD5E", "WORM"]) {
      const refused = gatherer.requireSaved(job({ command: `sbatch ${name}.sh` }));
      await assert.rejects(refused, { code: "SCRIPT_NOT_SAVED" });
    }
    assert.equal(session.warnings.length, 2, "of what is not known nothing is said");
  },
);

/** What is noted of the script of a command, and what --require-saved says of it. */
async function scriptsOf(
  { open, job }: Pick<Awaited<ReturnType<typeof createGatherer>>, "open" | "job">,
  command: string,
) {
  using gatherer = await open();
  const { noted, script } = await gatherer.gather(job({ command }));
  const hint = await gatherer.requireSaved(job({ command })).then(
    () => undefined,
    (error) => error.hint,
  );
  const { path, saved } = noted.script ?? {};
  return { told: `${path} ${saved}`, isKept: script !== null, hint };
}

for (const kind of ["git", "git-annex"] as const) {
  testIfAvailable(
    kind === "git" ? [] : ["git-annex"],
    `EvidenceGatherer names the file that HEAD's links lead to as the script (${kind})`,
    async () => {
      const made = await createGatherer({ a: "" });
      await using repository = made.repository;
      const { dataset } = repository;
      await dataset.write("v1.sh", "#!/bin/sh\necho 1\n");
      await dataset.write("code/job.sh", "#!/bin/sh\necho 1\n");
      await Deno.symlink("v1.sh", repository.at("current.sh"));
      await Deno.symlink("code", repository.at("bin"));
      if (kind === "git-annex") {
        await dataset.git("annex", "init", "-q");
        await dataset.git("annex", "add", "-q", "--force-large", "v1.sh", "code/job.sh");
      }
      await repository.commit();

      for (const [name, place] of [["current.sh", "v1.sh"], ["bin/job.sh", "code/job.sh"]]) {
        const saved = await scriptsOf(made, `sbatch ${name}`);
        assert.deepEqual(saved, { told: `${place} true`, isKept: false, hint: undefined });
      }
      assert.deepEqual(made.session.warnings, []);
      for (const path of ["v1.sh", "code/job.sh"]) {
        await Deno.remove(repository.at(path));
        await dataset.write(path, "#!/bin/sh\necho 7\n");
      }
      await Deno.symlink("v1.sh", repository.at("new.sh"));
      for (
        const [name, hint] of [
          ["current.sh", "current.sh v1.sh"],
          ["bin/job.sh", "bin code/job.sh"],
          ["new.sh", "new.sh v1.sh"],
        ] as const
      ) {
        const edited = await scriptsOf(made, `sbatch ${name}`);
        assert.deepEqual([edited.told, edited.isKept], [`${name} false`, true]);
        const add = hint.split(" ").map((path) => `"${path}"`).join(" ");
        assert.equal(
          edited.hint.replaceAll('"', ""),
          `git add ${add} && git commit, or datalad save; then run the same command again`
            .replaceAll('"', ""),
        );
      }
      await dataset.git("checkout", "-q", "v1.sh");
      assert.equal((await scriptsOf(made, "sbatch new.sh")).told, "new.sh false");
    },
  );
}

Deno.test("EvidenceGatherer takes a script that git converts for saved, as git status does", async () => {
  const script = "#!/bin/sh\n# $Id: 1 $\n";
  const { repository, open, job } = await createGatherer({
    ...{ ".gitattributes": "*.sh ident\n", "job.sh": script, "touched.sh": script },
  });
  await using _repository = repository;
  await repository.refreshIndex("job.sh");
  await Deno.utime(repository.at("touched.sh"), 1, 1);
  using gatherer = await open();
  const savedOf = async (name: string) =>
    (await gatherer.gather(job({ command: `sbatch ${name}` }))).noted.script?.saved;

  assert.equal(await savedOf("job.sh"), true);
  assert.equal(await savedOf("touched.sh"), undefined, "git has not looked since");
  await repository.dataset.write("job.sh", `${script}true\n`);
  assert.equal(await savedOf("job.sh"), false);
});

Deno.test("EvidenceGatherer notes that the script is --wrap, and nothing of what it cannot tell", async () => {
  const { repository, open, job } = await createGatherer();
  await using _repository = repository;
  using gatherer = await open();

  const wrapped = await gatherer.gather(job({ command: "sbatch --wrap 'echo x'" }));
  assert.equal(wrapped.noted.script?.wrap, true);
  assert.equal((await gatherer.gather(job({ command: "sbatch $X" }))).noted.script, null);
});

Deno.test("EvidenceGatherer names the files in folders, of a large folder HEAD's own name", async () => {
  const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, at) => [`many/${at}`, ""]));
  const { repository, open, job } = await createGatherer({
    "few/b": "1\n",
    "few/a/c": "1\n",
    ...many,
  });
  await using _repository = repository;
  using gatherer = await open();

  const { noted } = await gatherer.gather(job({ inputs: ["many", "few", "gone"] }));

  assert.deepEqual(noted.inputs.map(({ path }) => path), ["many", "few/a/c", "few/b", "gone"]);
  assert.equal(noted.inputs[0]!.tree, await repository.dataset.git("rev-parse", "HEAD:many"));
  assert.equal(noted.inputs[3]!.missing, true);
});

Deno.test("EvidenceGatherer notes the files that links in the dataset lead to, each once", async () => {
  const { repository, open, job } = await createGatherer({
    "run1/a": "1\n",
    "run1/b": "2\n",
    c: "3\n",
  });
  await using _repository = repository;
  const { dataset } = repository;
  await Deno.symlink("run1", repository.at("latest"));
  await Deno.symlink("../c", repository.at("run1/to-c"));
  await Deno.symlink("..", repository.at("run1/round"));
  await repository.commit();
  await dataset.write("run1/b", "4\n");
  using gatherer = await open();
  const notedOf = async (...inputs: readonly string[]) =>
    (await gatherer.gather(job({ inputs }))).noted.inputs
      .map(({ path, modified }) => modified ? `${path} modified` : path).sort();

  assert.deepEqual(await notedOf("latest/b", "latest/none"), ["run1/b modified", "run1/none"]);
  assert.deepEqual((await notedOf("latest")).filter((path) => /^run1|^c/.test(path)), [
    ...["c", "run1/a", "run1/b modified"],
  ]);
  const { noted } = await gatherer.gather(job({ inputs: ["latest/a"] }));
  assert.equal(noted.inputs[0]!.blob, await dataset.git("rev-parse", "HEAD:run1/a"));
  assert.equal(noted.inputs[0]!.size, undefined);
});

Deno.test("EvidenceGatherer notes the files of a folder out of the dataset that a link leads to", async () => {
  const { repository, open, job } = await createGatherer({ "data/own": "1\n" });
  await using _repository = repository;
  const outside = join(repository.sandbox.root, "outside");
  await Deno.mkdir(join(outside, "deep"), { recursive: true });
  await Deno.writeTextFile(join(outside, "x"), "x\n");
  await Deno.writeTextFile(join(outside, "deep/y"), "y\n");
  await Deno.symlink("..", join(outside, "deep/round"));
  await Deno.symlink(outside, repository.at("data/extd"));
  await repository.commit();
  using gatherer = await open();
  const notedOf = async (...inputs: readonly string[]) => {
    const { noted } = await gatherer.gather(job({ inputs }));
    return noted.inputs.map(({ path, size }) => [path, size ?? null]);
  };
  const files = [["data/extd/deep/y", 2], ["data/extd/x", 2]];

  assert.deepEqual(await notedOf("data/extd"), files);
  assert.deepEqual(await notedOf("data"), [["data/own", null], ...files]);
  assert.deepEqual(await notedOf("data/extd/x"), [["data/extd/x", 2]]);
});

Deno.test("EvidenceGatherer marks extra inputs, in folders as well", async () => {
  const { repository, open, job } = await createGatherer({ a: "", "env/b": "", "env/c": "" });
  await using _repository = repository;
  using gatherer = await open();

  const { noted } = await gatherer.gather(job({ inputs: ["a", "env"], extra: ["env"] }));

  assert.deepEqual(noted.inputs.map(({ path, extra }) => [path, extra]), [
    ...[["a", undefined], ["env/b", true], ["env/c", true]],
  ]);
});

Deno.test("EvidenceGatherer gives a long list of inputs a name, the same for the same list", async () => {
  const files = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`in/${at}`, `${at}\n`]));
  const { repository, open, job } = await createGatherer(files);
  await using _repository = repository;
  using gatherer = await open();
  const nameOf = async (...inputs: readonly string[]) =>
    (await gatherer.gather(job({ inputs }))).inputsName;

  const name = await nameOf("in");
  assert.match(name!, /^[0-9a-f]{64}$/);
  assert.equal(await nameOf("in"), name);
  assert.equal(await nameOf("in/1"), undefined);
});

Deno.test("EvidenceGatherer.lookAgain() has the script anew if it was edited since, and only then", async () => {
  const { repository, open, job } = await createGatherer();
  await using _repository = repository;
  using gatherer = await open();
  const first = await gatherer.gather(job());

  assert.equal(await gatherer.lookAgain(job(), first), undefined);
  await repository.dataset.write("job.sh", "#!/bin/sh\necho later\n");
  const again = await gatherer.lookAgain(job(), first);
  assert.equal(again?.noted.script?.saved, false);
  assert.match(new TextDecoder().decode(again!.script!.content), /later/);
  const nothing = await gatherer.gather(job({ command: "sbatch none.sh" }));
  assert.equal(await gatherer.lookAgain(job({ command: "sbatch none.sh" }), nothing), undefined);
});

Deno.test("EvidenceGatherer.requireSaved() refuses a script that HEAD has not, or that cannot be told", async () => {
  const { repository, session, open, job } = await createGatherer();
  await using _repository = repository;
  await repository.dataset.write("new.sh", "#!/bin/sh\n");
  using gatherer = await open();

  await gatherer.requireSaved(job());
  const refused = gatherer.requireSaved(job({ command: "sbatch new.sh" }));
  await assert.rejects(refused, {
    code: "SCRIPT_NOT_SAVED",
    hint: /^git add "new\.sh" && git commit/,
  });
  await assert.rejects(gatherer.requireSaved(job({ command: "sbatch $X" })), {
    code: "SCRIPT_NOT_SAVED",
    message: /^Cannot tell which batch script/,
  });
  assert.deepEqual(session.warnings, [], "a refusal says it already");
});

Deno.test("EvidenceGatherer.requireSaved() finds a script that is still to be copied", async () => {
  const { repository, open, job } = await createGatherer();
  await using _repository = repository;
  using gatherer = await open();
  const alternative = `${repository.sandbox.root}/nowhere`;

  await gatherer.requireSaved(job({ directory: alternative }));
});

Deno.test("EvidenceGatherer believes the note of the job before where script and HEAD are the same", async () => {
  const { repository, session, job } = await createGatherer();
  await using _repository = repository;
  const { runner, root } = repository;
  const dataset = await openDataset(runner, root, undefined);
  const gather = async (newest: ReturnType<SubmittedEvidence["newest"]>) => {
    // Git's objects are out of reach: whatever is told comes from the note.
    const blind = { ...dataset, commonDir: repository.at("elsewhere"), git: failing };
    using gatherer = new EvidenceGatherer(blind, session, { newest: () => newest });
    return (await gatherer.gather(job())).noted.script?.saved;
  };
  const failing = { run: () => Promise.resolve({ code: 1 }) } as unknown as typeof dataset.git;
  const blob = await repository.dataset.git("rev-parse", "HEAD:job.sh");
  const script = { path: "job.sh", blob, saved: true };
  const head = dataset.headOid;

  const inputs: never[] = [];

  assert.equal(await gather({ head, script, inputs }), true);
  assert.equal(await gather({ head: "0".repeat(40), script, inputs }), undefined);
  assert.equal(await gather({ head, inputs, script: { ...script, path: "other.sh" } }), undefined);
  assert.equal(
    await gather({ head, inputs, script: { ...script, blob: "0".repeat(40) } }),
    undefined,
  );
  assert.equal(await gather({ head, inputs, script: { ...script, saved: false } }), undefined);
  assert.equal(await gather(undefined), undefined);
  await Deno.rename(repository.at("job.sh"), repository.at("real.sh"));
  await Deno.symlink("real.sh", repository.at("job.sh"));
  assert.equal(await gather({ head, script, inputs }), true, "HEAD has the content there");
});
