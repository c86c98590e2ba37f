/**
 * What RO-Crate 1.1 and Process Run Crate 0.5 ask of a crate, a row for each MUST and SHOULD that has to do
 * with ours, each with a way to break it.
 *
 * @module
 */

import { actionsIn, idsIn, valuesOf } from "./read_crate.ts";
import type { ReadCrate, ReadEntity } from "./read_crate.ts";

/** A sentence of a specification. */
interface Rule {
  readonly level: "MUST" | "SHOULD";
  readonly name: string;
  /** The entities, or values, that are not so. */
  readonly violations: (crate: ReadCrate) => string[];
  /** Makes a crate break it. */
  readonly spoil: (crate: ReadCrate) => void;
}

const DESCRIPTOR = "ro-crate-metadata.json";
const PROFILE = "https://w3id.org/ro/wfrun/process/0.5";
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Terms of the two contexts that a crate of ours may use. */
const TERMS = new Set([
  ...["CreativeWork", "Dataset", "File", "Person", "SoftwareApplication", "SoftwareSourceCode"],
  ...["CreateAction", "PropertyValue", "Collection", "about", "conformsTo", "name", "description"],
  ...["datePublished", "license", "identifier", "version", "author", "hasPart", "mentions"],
  ...["email", "url", "text", "startTime", "endTime", "actionStatus", "error", "agent"],
  ...["instrument", "object", "result", "alternateName", "encodingFormat", "contentSize"],
  ...["contentUrl", "additionalType", "propertyID", "unitCode", "value", "subjectOf"],
  // https://w3id.org/ro/terms/workflow-run/context
  ...["ContainerImage", "md5", "sha1", "sha256", "sha512", "containerImage", "resourceUsage"],
]);

/** What is referred to and described elsewhere. */
const ELSEWHERE = [
  /^https:\/\/w3id\.org\/ro\/crate\//,
  /^http:\/\/schema\.org\//,
  /^https:\/\/w3id\.org\/ro\/terms\/workflow-run#/,
];

const typesOf = (each: ReadEntity) => valuesOf(each["@type"]);
const root = ({ graph }: ReadCrate) =>
  graph.find((each) =>
    each["@id"] === graph.find((d) => d["@id"] === DESCRIPTOR)?.["about"]?.["@id"]
  ) ?? {};
const byId = ({ graph }: ReadCrate) => new Map(graph.map((each) => [each["@id"], each]));
const filesIn = ({ graph }: ReadCrate) => graph.filter((each) => typesOf(each).includes("File"));
const isPath = (id: string) => !id.startsWith("#") && !/^[a-z][a-z0-9+.-]*:/i.test(id);
const named = (bad: readonly ReadEntity[]) => bad.map((each) => each["@id"]);
const first = (crate: ReadCrate) => actionsIn(crate).at(-1)!;
const instrumentsOf = (crate: ReadCrate) => {
  const all = byId(crate);
  return [...new Set(actionsIn(crate).flatMap((each) => idsIn(each["instrument"])))]
    .map((id) => all.get(id) ?? { "@id": id });
};
const without = (crate: ReadCrate, property: string) =>
  named(actionsIn(crate).filter((each) => each[property] === undefined));
const failed = (each: ReadEntity) =>
  each["actionStatus"]?.["@id"] === "http://schema.org/FailedActionStatus";
/** The place in the crate that an identifier stands for. */
const placeOf = (id: string) => decodeURIComponent(id);

const RO_CRATE: readonly Rule[] = [
  {
    level: "MUST",
    name: "the document is flattened: an entity within another is a reference",
    violations: ({ graph }) =>
      graph.flatMap((each) =>
        Object.entries(each).flatMap(([name, value]) =>
          valuesOf(value).filter((item) =>
            typeof item === "object" && (Object.keys(item).length !== 1 || !("@id" in item))
          ).map(() => `${each["@id"]} ${name}`)
        )
      ),
    spoil: ({ graph }) => graph[1]!["author"] = { "@type": "Person", name: "Jane" },
  },
  {
    level: "SHOULD",
    name: "the context is taken by reference",
    violations: ({ document }) =>
      document["@context"][0] === "https://w3id.org/ro/crate/1.1/context" ? [] : ["@context"],
    spoil: ({ document }) => document["@context"] = [{ name: "http://schema.org/name" }],
  },
  {
    level: "SHOULD",
    name: "terms are those of the context",
    violations: ({ graph }) =>
      graph.flatMap((each) =>
        [...Object.keys(each).filter((name) => !name.startsWith("@")), ...typesOf(each)]
          .filter((term) => !TERMS.has(term))
      ),
    spoil: ({ graph }) => graph[1]!["slurmJobId"] = "1",
  },
  {
    level: "MUST",
    name: "the descriptor is a CreativeWork about the root",
    violations: (crate) => {
      const descriptor = byId(crate).get(DESCRIPTOR) ?? {};
      const isGood = typesOf(descriptor).includes("CreativeWork") && root(crate)["@id"] === "./";
      return isGood ? [] : [DESCRIPTOR];
    },
    spoil: ({ graph }) => delete graph[0]!["about"],
  },
  {
    level: "SHOULD",
    name: "the descriptor conforms to a version of the specification",
    violations: (crate) =>
      byId(crate).get(DESCRIPTOR)?.["conformsTo"]?.["@id"] === "https://w3id.org/ro/crate/1.1"
        ? []
        : [DESCRIPTOR],
    spoil: ({ graph }) => graph[0]!["conformsTo"] = { "@id": PROFILE },
  },
  {
    level: "MUST",
    name: "the root is a Dataset with name, description, licence",
    violations: (crate) =>
      typesOf(root(crate)).includes("Dataset")
        ? ["name", "description", "license"].filter((name) => !root(crate)[name])
        : ["@type"],
    spoil: ({ graph }) => delete graph[1]!["license"],
  },
  {
    level: "MUST",
    name: "the root is published at a date in ISO 8601",
    violations: (crate) =>
      DATE_TIME.test(String(root(crate)["datePublished"])) ? [] : ["datePublished"],
    spoil: ({ graph }) => graph[1]!["datePublished"] = "yesterday",
  },
  {
    level: "MUST",
    name: "no two entities have one identifier",
    violations: ({ graph }) =>
      named(graph.filter((each, at) => graph.findIndex((e) => e["@id"] === each["@id"]) !== at)),
    spoil: ({ graph }) => graph.push({ ...graph[2]! }),
  },
  {
    level: "MUST",
    name: "files and folders of the crate are parts of the root",
    violations: (crate) => {
      const parts = new Set(idsIn(root(crate)["hasPart"]));
      return named(filesIn(crate)).filter((id) => isPath(id) && !parts.has(id));
    },
    spoil: (crate) => delete root(crate)["hasPart"],
  },
  {
    level: "MUST",
    name: "parts of the root are Files or Datasets, and described",
    violations: (crate) => {
      const all = byId(crate);
      return idsIn(root(crate)["hasPart"]).filter((id) =>
        !typesOf(all.get(id) ?? {}).some((type) => type === "File" || type === "Dataset")
      );
    },
    spoil: (crate) => root(crate)["hasPart"] = { "@id": PROFILE },
  },
  {
    level: "MUST",
    name: "what is part of the root lies in it, and everything that lies in it is described",
    violations: (crate) => {
      const parts = idsIn(root(crate)["hasPart"]).map(placeOf);
      const there = (crate.files ?? []).filter((file) => file !== DESCRIPTOR);
      return [
        ...parts.filter((part) => crate.files !== undefined && !there.includes(part)),
        ...there.filter((file) => !parts.includes(file)),
      ];
    },
    spoil: (crate) => (crate.files as string[]).pop(),
  },
  {
    level: "MUST",
    name: "identifiers are URI references that do not lead out of the crate",
    violations: ({ graph }) =>
      named(graph).filter((id) =>
        // deno-lint-ignore no-control-regex -- what must not be there
        /[\x00-\x20"<>\\^`{|}\x7f]|%(?![0-9A-F]{2})|(^|\/)\.\.(\/|$)|^\//.test(id) ||
        !URL.canParse(id, "https://example.org/crate/")
      ),
    spoil: ({ graph }) => graph[2]!["@id"] = "a b",
  },
  {
    level: "SHOULD",
    name: "a list has more than one item",
    violations: ({ graph }) =>
      graph.flatMap((each) =>
        Object.entries(each).filter(([, value]) => Array.isArray(value) && value.length < 2)
          .map(([name]) => `${each["@id"]} ${name}`)
      ),
    spoil: ({ graph }) => graph[1]!["name"] = ["one"],
  },
  {
    level: "SHOULD",
    name: "what is referred to is described, and what is described is referred to",
    violations: (crate) => {
      const described = new Set(named(crate.graph));
      const referred = new Set(
        crate.graph.flatMap((each) => Object.values(each)).flatMap((value) => valuesOf(value))
          .flatMap((item) => typeof item === "object" ? [item["@id"] as string] : []),
      );
      return [
        ...[...referred].filter((id) =>
          !described.has(id) && !ELSEWHERE.some((address) => address.test(id))
        ),
        ...[...described].filter((id) => id !== DESCRIPTOR && !referred.has(id)),
      ];
    },
    spoil: ({ graph }) => graph.pop(),
  },
];

const PROFILE_RULES: readonly Rule[] = [
  {
    level: "MUST",
    name: "the root conforms to the profile, which is a CreativeWork",
    violations: (crate) =>
      idsIn(root(crate)["conformsTo"]).includes(PROFILE) &&
        typesOf(byId(crate).get(PROFILE) ?? {}).includes("CreativeWork")
        ? []
        : ["conformsTo"],
    spoil: ({ graph }) =>
      graph[1]!["conformsTo"] = { "@id": "https://w3id.org/ro/wfrun/process/9" },
  },
  {
    level: "MUST",
    name: "an action has an instrument, which is software",
    violations: (crate) => [
      ...without(crate, "instrument"),
      ...named(
        instrumentsOf(crate).filter((each) =>
          !typesOf(each).some((type) => /^Software(Application|SourceCode)$/.test(type))
        ),
      ),
    ],
    spoil: (crate) => delete first(crate)["instrument"],
  },
  {
    level: "SHOULD",
    name: "software has a name",
    violations: (crate) => named(instrumentsOf(crate).filter((each) => !each["name"])),
    spoil: (crate) => delete instrumentsOf(crate)[0]!["name"],
  },
  {
    level: "SHOULD",
    // Of software that is not in the dataset nobody has noted the version.
    name: "software of the dataset has a version, and other software an address",
    violations: (crate) =>
      named(instrumentsOf(crate).filter((each) => !each["version"] && !each["url"])),
    spoil: (crate) => delete instrumentsOf(crate)[0]!["version"],
  },
  {
    level: "SHOULD",
    name: "actions are mentioned by the root",
    violations: (crate) => {
      const mentioned = new Set(idsIn(root(crate)["mentions"]));
      return named(actionsIn(crate)).filter((id) => !mentioned.has(id));
    },
    spoil: (crate) => delete root(crate)["mentions"],
  },
  {
    level: "SHOULD",
    name: "an action has a name",
    violations: (crate) => without(crate, "name"),
    spoil: (crate) => delete first(crate)["name"],
  },
  {
    level: "SHOULD",
    name: "an action has a description",
    violations: (crate) => without(crate, "description"),
    spoil: (crate) => delete first(crate)["description"],
  },
  {
    level: "SHOULD",
    // Of an attempt the record does not tell when it was.
    name: "an action that has results has an end in ISO 8601, and a start of the same form",
    violations: (crate) =>
      named(
        actionsIn(crate).filter((each) =>
          (each["endTime"] === undefined && each["result"] !== undefined) ||
          [each["startTime"], each["endTime"]].some((time) =>
            time !== undefined && !DATE_TIME.test(time)
          )
        ),
      ),
    spoil: (crate) => first(crate)["endTime"] = "noon",
  },
  {
    level: "SHOULD",
    name: "an action has an agent, who is a Person",
    violations: (crate) => {
      const all = byId(crate);
      return named(
        actionsIn(crate).filter((each) =>
          !typesOf(all.get(each["agent"]?.["@id"]) ?? {}).includes("Person")
        ),
      );
    },
    spoil: (crate) => delete first(crate)["agent"],
  },
  {
    level: "SHOULD",
    name: "objects and results are files, folders, collections or values",
    violations: (crate) => {
      const all = byId(crate);
      return actionsIn(crate).flatMap((
        each,
      ) => [...idsIn(each["object"]), ...idsIn(each["result"])])
        .filter((id) =>
          !typesOf(all.get(id) ?? {}).some((type) =>
            ["File", "Dataset", "Collection", "PropertyValue"].includes(type)
          )
        );
    },
    spoil: (crate) => first(crate)["object"] = { "@id": PROFILE },
  },
  {
    level: "SHOULD",
    name: "an action that did not fail has results",
    violations: (crate) =>
      named(actionsIn(crate).filter((each) => !failed(each) && each["result"] === undefined)),
    spoil: (crate) => delete first(crate)["result"],
  },
  {
    level: "SHOULD",
    name: "an action is completed or failed",
    violations: (crate) =>
      named(
        actionsIn(crate).filter((each) =>
          !/^http:\/\/schema\.org\/(Completed|Failed)ActionStatus$/
            .test(String(each["actionStatus"]?.["@id"]))
        ),
      ),
    spoil: (crate) => first(crate)["actionStatus"] = { "@id": "done" },
  },
  {
    level: "SHOULD",
    name: "only what failed has an error",
    violations: (crate) =>
      named(actionsIn(crate).filter((each) => each["error"] !== undefined && !failed(each))),
    spoil: (crate) => {
      for (const each of actionsIn(crate)) each["error"] = "none";
    },
  },
  {
    level: "SHOULD",
    name: "a file whose identifier is not its name in the dataset tells that",
    violations: (crate) =>
      named(
        filesIn(crate).filter((each) =>
          (each["@id"].startsWith("#") || each["@id"].startsWith("versions/")) &&
          each["alternateName"] === undefined
        ),
      ),
    spoil: (crate) => filesIn(crate).forEach((each) => delete each["alternateName"]),
  },
  {
    level: "SHOULD",
    name: "a collection is mentioned by the root",
    violations: (crate) => {
      const mentioned = new Set(idsIn(root(crate)["mentions"]));
      return named(crate.graph.filter((each) => typesOf(each).includes("Collection")))
        .filter((id) => !mentioned.has(id));
    },
    spoil: (crate) => root(crate)["mentions"] = idsIn(root(crate)["mentions"]).slice(0, 1),
  },
  {
    level: "SHOULD",
    // An image that is a file has no registry.
    name: "the image of a container has a type and a name",
    violations: (crate) =>
      named(
        crate.graph.filter((each) =>
          typesOf(each).includes("ContainerImage") && !(each["additionalType"] && each["name"])
        ),
      ),
    spoil: (crate) => crate.graph.forEach((each) => delete each["additionalType"]),
  },
  {
    level: "MUST",
    name: "what an action used are PropertyValues, each telling by an address what is measured",
    violations: (crate) => {
      const all = byId(crate);
      return actionsIn(crate).flatMap((each) => idsIn(each["resourceUsage"])).filter((id) =>
        !typesOf(all.get(id) ?? {}).includes("PropertyValue") ||
        !URL.canParse(String(all.get(id)!["propertyID"]))
      );
    },
    spoil: (crate) => crate.graph.forEach((each) => delete each["propertyID"]),
  },
  {
    level: "SHOULD",
    name: "what is measured in seconds and bytes has that unit",
    violations: ({ graph }) =>
      named(
        graph.filter((each) =>
          /#OPT_(ElapsedRaw|TotalCPU|MaxRSS|ReqMem|TimelimitRaw)$/.test(each["propertyID"] ?? "") &&
          !/^https:\/\/qudt\.org\/vocab\/unit\/(SEC|BYTE)$/.test(each["unitCode"] ?? "")
        ),
      ),
    spoil: ({ graph }) => graph.forEach((each) => delete each["unitCode"]),
  },
];

/** All of them. */
export const RULES: readonly Rule[] = [...RO_CRATE, ...PROFILE_RULES];

/** Every sentence that a crate breaks, with where it does. */
export function findBroken(crate: ReadCrate): string[] {
  return RULES.flatMap(({ level, name, violations }) => {
    const bad = violations(crate);
    return bad.length === 0 ? [] : [`${level} ${name}: ${bad.slice(0, 5).join(", ")}`];
  });
}
