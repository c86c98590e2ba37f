import type { AccountingEvidence } from "../jobs/evidence.ts";
import type { Entity } from "./entity.ts";

/** What Slurm's pages say of a field, which makes a name of it that nobody else's has. */
const SACCT = "https://slurm.schedmd.com/sacct.html#OPT_";
const UNITS = "https://qudt.org/vocab/unit/";

interface Quantity {
  readonly field: keyof AccountingEvidence;
  /** As sacct calls it. */
  readonly name: string;
  /** Of QUDT; a count has none. */
  readonly unit?: "SEC" | "BYTE";
}

const QUANTITIES: readonly Quantity[] = [
  { field: "elapsed", name: "ElapsedRaw", unit: "SEC" },
  { field: "cpu", name: "TotalCPU", unit: "SEC" },
  { field: "maxRss", name: "MaxRSS", unit: "BYTE" },
  { field: "reqMem", name: "ReqMem", unit: "BYTE" },
  { field: "timeLimit", name: "TimelimitRaw", unit: "SEC" },
  { field: "nodes", name: "AllocNodes" },
  { field: "cpus", name: "AllocCPUS" },
  { field: "restarts", name: "Restarts" },
  { field: "tres", name: "AllocTRES" },
  { field: "partition", name: "Partition" },
];

/** Describes what a job was given and used, as the workflow-run vocabulary has it: a property a quantity. */
export function usageOf(action: string, accounting: AccountingEvidence = {}): Entity[] {
  const entities: Entity[] = [];
  for (const { field, name, unit } of QUANTITIES) {
    const value = accounting[field];
    if (value === undefined) continue;
    entities.push({
      "@id": `${action}/${name}`,
      "@type": "PropertyValue",
      name,
      propertyID: `${SACCT}${name}`,
      // sacct's TimelimitRaw is in minutes, the record's in seconds: the unit tells.
      unitCode: unit === undefined ? undefined : `${UNITS}${unit}`,
      value: String(value),
    });
  }
  return entities;
}
