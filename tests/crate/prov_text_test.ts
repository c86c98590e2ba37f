import assert from "node:assert/strict";
import { EngineWorld, saidBy } from "../engine/engine_world.ts";
import { createAnalysis } from "../provenance/analysis.ts";
import { askPython } from "../support/python.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { actionsIn, entity, idsIn, readCrate } from "./read_crate.ts";
import { createRichHistory } from "./rich_history.ts";

// deno-lint-ignore no-explicit-any -- as a reader of the document gets it
type ProvDocument = Record<string, Record<string, any>>;

async function exportProv(world: EngineWorld, ...args: readonly string[]): Promise<ProvDocument> {
  await world.must("export", "--prov", "../jobs.prov", ...args);
  return JSON.parse(await Deno.readTextFile(`${world.sandbox.root}/jobs.prov`));
}

Deno.test("e2e: export --prov of an analysis → what one job generated is what the next one used", async () => {
  await using world = await createAnalysis();

  const prov = await exportProv(world);

  const [clean, fit] = Object.keys(prov["activity"]!);
  const related = (section: string, job: string) =>
    Object.values(prov[section]!).filter((each) => each["prov:activity"] === job)
      .map((each) => prov["entity"]![each["prov:entity"]]["prov:label"]).sort();
  assert.deepEqual(related("used", clean!), ["raw/obs.txt"]);
  assert.deepEqual(related("wasGeneratedBy", clean!), [
    "clean/obs.txt",
    "log-1",
    "slurm-job-1.env.json",
  ]);
  assert.deepEqual(related("used", fit!), ["clean/obs.txt"]);
  const generated = Object.values(prov["wasGeneratedBy"]!).map((each) => each["prov:entity"]);
  const used = Object.values(prov["used"]!).find((each) => each["prov:activity"] === fit);
  assert(generated.includes(used["prov:entity"]));
  const [association] = Object.values(prov["wasAssociatedWith"]!);
  assert.equal(association["prov:agent"], "mailto:ada@example.org");
  assert.equal(prov["agent"]!["mailto:ada@example.org"]["prov:label"], "Ada Tester");
  assert.equal(prov["entity"]![association["prov:plan"]]["prov:label"], "job.sh");
});

Deno.test("export --prov: all that a crate tells of jobs and files, and every name leads somewhere", async () => {
  await using world = await createRichHistory();
  await world.must("export", "--ro-crate", "../crate.json");
  const crate = await readCrate(`${world.sandbox.root}/crate.json`);

  const prov = await exportProv(world);

  const actions = actionsIn(crate);
  const nameOf = (id: string) => id.replace(/^#/, "dataset:").replace(/^https.*\//, "slurm:");
  assert.deepEqual(Object.keys(prov["activity"]!), actions.map((each) => nameOf(each["@id"])));
  const described = new Set(Object.keys({ ...prov["entity"], ...prov["agent"] }));
  for (const action of actions) {
    const activity = prov["activity"]![nameOf(action["@id"])];
    assert.equal(activity["prov:label"], action["name"]);
    assert.equal(activity["prov:startTime"], action["startTime"]);
    assert.equal(activity["prov:endTime"], action["endTime"]);
    assert.equal(activity["schema:error"], action["error"]);
    for (const id of idsIn(action["resourceUsage"])) {
      const { name, value, unitCode = "" } = entity(crate, id);
      const unit = /SEC$/.test(unitCode) ? " s" : /BYTE$/.test(unitCode) ? " B" : "";
      assert.equal(activity[`sacct:${name}`], `${value}${unit}`);
    }
    for (const id of [...idsIn(action["object"]), ...idsIn(action["result"])]) {
      assert(described.has(nameOf(id)), id);
    }
  }
  const last = prov["activity"]![nameOf(actions.at(-1)!["@id"])];
  assert.equal(last["sacct:TimelimitRaw"], "3600 s");
  assert.equal(last["sacct:MaxRSS"], "1000 B");
  assert.equal(last["sacct:AllocCPUS"], "4");
  const relations = ["used", "wasGeneratedBy", "wasAssociatedWith"]
    .flatMap((section) => Object.values(prov[section]!));
  for (const relation of relations) {
    assert(relation["prov:activity"] in prov["activity"]!);
    for (const key of ["prov:entity", "prov:agent", "prov:plan"]) {
      if (key in relation) assert(described.has(relation[key]), relation[key]);
    }
  }
  const images = relations.filter((each) => each["prov:role"] === "containerImage");
  assert.equal(images.length, 1);
  const key = Object.values(prov["entity"]!).find((each) => /out\.dat/.test(each["prov:label"]));
  assert.equal(key["schema:sha256"], "a".repeat(64));
});

// It reads every record, and refuses what PROV's data model has no place for.
testIfAvailable(["prov"], "export --prov: the prov package of Python reads all of it", async () => {
  await using world = await createRichHistory();

  const prov = await exportProv(world);

  const count = (section: string) => Object.keys(prov[section]!).length;
  const read = await askPython(READ_PROV, prov);
  assert.deepEqual(read, {
    ProvEntity: count("entity"),
    ProvActivity: count("activity"),
    ProvAgent: count("agent"),
    ProvUsage: count("used"),
    ProvGeneration: count("wasGeneratedBy"),
    ProvAssociation: count("wasAssociatedWith"),
  });
});

/** Counts the records by class, after it has written and read them once more. */
const READ_PROV = `
import collections, json, sys
from prov.model import ProvDocument
first = ProvDocument.deserialize(content=sys.stdin.read(), format="json")
again = ProvDocument.deserialize(content=first.serialize(format="json"), format="json")
assert first == again
print(json.dumps(collections.Counter(type(r).__name__ for r in again.get_records())))
`;

Deno.test("export --prov beside --ro-crate, or with what a crate says of itself → refused", async () => {
  await using world = await EngineWorld.create();

  const both = await world.dlslurm("export", "--prov", "../a.json", "--ro-crate", "../b");
  const licensed = await world.dlslurm("export", "--prov", "../a.json", "--license", "CC0");

  assert.equal(both.code, 2);
  assert.match(saidBy(both), /--ro-crate and --prov are two exports\. Nothing was written/);
  assert.equal(licensed.code, 2);
  assert.match(saidBy(licensed), /--license are a crate's/);
  const names = (await Array.fromAsync(Deno.readDir(world.sandbox.root))).map(({ name }) => name);
  assert(!names.includes("a.json") && !names.includes("b"));
});
