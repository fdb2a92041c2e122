import type { CoordinationStore, Handoff } from "@mnemosyne/core";
import { pause, refused, same, there, type Checks } from "./check.ts";

const TTL = 10_000;

function offer(store: CoordinationStore, id: string, ttl = TTL): Promise<Handoff> {
  return store.handoffs.offer({ id, from: "a", to: "b", payload: { task: id }, ttl });
}

/** What every coordination store must do with handoffs. */
export const handoffChecks: Checks<CoordinationStore> = {
  "a handoff is offered, accepted and completed, and both sides see it": async (store, second) => {
    const offered = await offer(store, "h");
    same([offered.state, offered.payload], ["offered", { task: "h" }], "the offer");
    same(
      (await second.handoffs.list({ to: "b", state: "offered" })).map(({ id }) => id),
      ["h"],
      "what b was offered",
    );
    same((await second.handoffs.accept("h", "b", TTL)).state, "accepted", "its state");
    same((await second.handoffs.complete("h", "b", { ok: [1] })).state, "completed", "its state");
    const ended = there(await store.handoffs.get("h"), "the handoff");
    same([ended.state, ended.result, ended.from, ended.to], ["completed", { ok: [1] }, "a", "b"], "the end");
    same(await store.handoffs.list({ state: "offered" }), [], "open offers");
    same(await store.handoffs.get("nothing"), undefined, "an unknown one");
  },

  "a step that was taken may be taken again, and changes nothing": async (store) => {
    await offer(store, "h");
    same((await store.handoffs.offer({ id: "h", from: "a", to: "c", payload: 0, ttl: TTL })).to, "b", "to");
    await store.handoffs.accept("h", "b", TTL);
    same((await offer(store, "h")).state, "accepted", "offering it again");
    await store.handoffs.accept("h", "b", TTL);
    await store.handoffs.complete("h", "b", 1);
    same((await store.handoffs.complete("h", "b", 2)).result, 1, "the result of a second completion");
    await offer(store, "i");
    await store.handoffs.decline("i", "b", "busy");
    same((await store.handoffs.decline("i", "b", "lazy")).reason, "busy", "the reason of a second refusal");
  },

  "only the right side takes a step, and only in its time": async (store, second) => {
    await offer(store, "h");
    await refused(store.handoffs.accept("h", "c", TTL), "E_CONFLICT", "accepting another's");
    await refused(store.handoffs.complete("h", "b", 1), "E_CONFLICT", "completing what was not accepted");
    await refused(store.handoffs.withdraw("h", "b", "x"), "E_CONFLICT", "withdrawing another's offer");
    await refused(store.handoffs.accept("nothing", "b", TTL), "E_NOT_FOUND", "accepting an unknown one");
    const declined = await second.handoffs.decline("h", "b", "no time");
    same([declined.state, declined.reason], ["declined", "no time"], "the refusal");
    await refused(store.handoffs.accept("h", "b", TTL), "E_CONFLICT", "accepting what was declined");
    await refused(store.handoffs.withdraw("h", "a", "x"), "E_CONFLICT", "withdrawing what was declined");
    await offer(store, "i");
    same((await store.handoffs.withdraw("i", "a", "changed")).state, "expired", "what was withdrawn");
    await refused(second.handoffs.accept("i", "b", TTL), "E_CONFLICT", "accepting what was withdrawn");
  },

  "an offer nobody accepts and work nobody completes expire": async (store, second) => {
    await offer(store, "offered", 150);
    await offer(store, "accepted");
    await offer(store, "kept");
    await store.handoffs.accept("accepted", "b", 150);
    await store.handoffs.accept("kept", "b", 150);
    await store.handoffs.accept("kept", "b", TTL);
    await pause(300);
    same(
      (await second.handoffs.list({ from: "a" })).map(({ id, state }) => [id, state]),
      [
        ["offered", "expired"],
        ["accepted", "expired"],
        ["kept", "accepted"],
      ],
      "their states",
    );
    await refused(store.handoffs.accept("offered", "b", TTL), "E_CONFLICT", "accepting an expired one");
    await refused(store.handoffs.complete("accepted", "b", 1), "E_CONFLICT", "completing an expired one");
  },

  "of many who answer at once one answer counts": async (store, second) => {
    await offer(store, "h");
    await store.handoffs.accept("h", "b", TTL);
    const answers = await Promise.allSettled([
      store.handoffs.complete("h", "b", 1),
      second.handoffs.decline("h", "b", "no"),
      second.handoffs.complete("h", "b", 2),
      store.handoffs.decline("h", "b", "never"),
    ]);
    const states = answers.flatMap((one) => (one.status === "fulfilled" ? [one.value.state] : []));
    const ended = there(await store.handoffs.get("h"), "the handoff").state;
    same([...new Set(states)], [ended], "what those were told whose answer counted");
  },
};
