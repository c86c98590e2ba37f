/**
 * Kills dlslurm at random moments, thousands of times if asked to, and requires that nothing was lost,
 * doubled or left: each row is one job of Slurm, each job has one commit, each file that was written is
 * in it, and neither locks nor temporary files stay.
 *
 * usage: deno task kills [--seed N] [--from N] [--kind KIND] [--kills N] [--program FILE]
 *
 * --seed N        the same seed gives the same campaigns and the same moments, as far as the machine goes
 *                 along (default 1)
 * --from N        begins with this campaign instead of the first
 * --kind KIND     datasets of this kind only: "plain git", git-annex, text2git
 * --kills N       ends with the campaign in which so many runs were killed (default 1000)
 * --program FILE  the built file (default dist/dlslurm)
 *
 * Prints a line a campaign and the kills by command; exit status 1 at the first campaign that goes wrong,
 * with its plan.
 */
import { say } from "../../scripts/say.ts";
import { FINISHERS, runCampaign, SHAPES, STYLES } from "./campaign.ts";
import type { CampaignPlan } from "./campaign.ts";
import { Random } from "./random.ts";

/** All plans, one after the other, so that each of them comes up. */
export function plansOf(): CampaignPlan[] {
  const simple: Omit<CampaignPlan, "finisher" | "retry">[] = [];
  for (const shape of Object.keys(SHAPES) as CampaignPlan["shape"][]) {
    for (const style of STYLES) {
      for (const kind of ["plain git", "git-annex", "text2git"] as const) {
        simple.push({ kind, style, shape, hasSubdataset: false });
      }
      simple.push({ kind: "plain git", style, shape, hasSubdataset: true });
    }
  }
  const finishers = Object.keys(FINISHERS) as CampaignPlan["finisher"][];
  const among = <T>(items: readonly T[], at: number) => items[at % items.length]!;
  return [
    ...simple.map((plan) => ({ ...plan, finisher: "person", retry: "no" } as const)),
    // Five is in step with none of the three.
    ...simple.map((plan, at) => ({
      ...plan,
      finisher: among(finishers, Math.floor(at / 5) + at),
      retry: among(["yes", "clean", "yes", "no", "clean"] as const, at),
    })),
  ];
}

/** A plan in a few words. */
export function nameOf(plan: CampaignPlan): string {
  const { kind, style, shape, hasSubdataset, finisher, retry } = plan;
  return [
    ...[kind, style, shape, ...(hasSubdataset ? ["subdataset"] : [])],
    ...(finisher === "person" ? [] : [finisher]),
    ...(retry === "no" ? [] : [retry === "clean" ? "retry --clean" : "retry"]),
  ].join(", ");
}

if (import.meta.main) {
  const option = (name: string, otherwise: string) => {
    const at = Deno.args.indexOf(name);
    return at < 0 ? otherwise : Deno.args[at + 1]!;
  };
  const seed = Number(option("--seed", "1"));
  const wanted = Number(option("--kills", "1000"));
  const program = await Deno.realPath(option("--program", "dist/dlslurm"));
  const kind = option("--kind", "");
  const plans = plansOf().filter((plan) => kind === "" || plan.kind === kind);
  const total = new Map<string, number>();
  const sum = () => total.values().reduce((all, count) => all + count, 0);
  for (let round = Number(option("--from", "0")); sum() < wanted; round++) {
    const plan = plans[round % plans.length]!;
    const random = new Random(seed * 10_000 + round);
    const name = `${round}: ${nameOf(plan)}`;
    try {
      for (const [command, count] of await runCampaign(plan, [program], random)) {
        total.set(command, (total.get(command) ?? 0) + count);
      }
    } catch (error) {
      await say(`${name}: FAILED after ${sum()} kills`);
      for (let each: unknown = error; each instanceof Error; each = each.cause) {
        await say(each.stack ?? each.message);
      }
      Deno.exit(1);
    }
    await say(`${name}: ok, ${sum()} kills so far`);
  }
  for (const [command, count] of total) await say(`${command}: ${count}`);
  await say(`${sum()} kills, nothing lost, doubled or left`);
}
