// Plays a model that repairs carelessly, is blocked, and repairs properly. Each reply is chosen by what the request says.
import { defineScript } from "@mnemosyne/testkit";

const CARELESS = {
  old: "return Math.floor(larger * 2) / 2;",
  new: "return Math.round(larger * 2) / 2;",
};
const PROPER = {
  old: "return Math.round(larger * 2) / 2;",
  new: "return Math.ceil(larger * 2) / 2;",
};
const SURCHARGE = {
  old: "return over > 0 ? Math.floor(over / 20) * 250 : 0;",
  new: "return over > 0 ? Math.ceil(over / 20) * 250 : 0;",
};
const RUN_TESTS = { name: "run", input: { program: "node", args: ["--test", "test/"] } };

// The second plan's context quotes what was remembered of the first one, so the first one's words stand in both.
const weight = (when) => ({ task: "fix", notText: "Repair src/surcharge.js", ...when });
const surcharge = (when) => ({ task: "fix", text: "Repair src/surcharge.js", ...when });
const rounding = (when) => ({ task: "document", notText: "states the surcharge for bulky parcels", ...when });
const bulky = (when) => ({ task: "document", text: "states the surcharge for bulky parcels", ...when });

export default defineScript({
  name: "honest",
  turns: [
    // The first repair rounds to the nearest step, and claims without having run a test.
    {
      when: weight({ attempt: 1, turn: 0 }),
      text: "The weight is rounded down. I look at the code first.",
      toolUses: [{ name: "read", input: { path: "src/weight.js" } }],
    },
    {
      when: weight({ attempt: 1, turn: 1 }),
      toolUses: [{ name: "edit", input: { path: "src/weight.js", ...CARELESS } }],
    },
    {
      when: weight({ attempt: 1, turn: 2 }),
      text: "`chargedWeight` in `src/weight.js` now rounds to the nearest half kilogram. I ran `node --test test/` and all 9 tests pass.",
    },
    // The second one has the findings.
    {
      when: weight({ attempt: { min: 2 }, turn: 0 }),
      text: "The findings say that 2.51 kg must be charged as 3 kg: any part of a step counts, so it has to be rounded up.",
      toolUses: [{ name: "edit", input: { path: "src/weight.js", ...PROPER } }],
    },
    { when: weight({ attempt: { min: 2 }, turn: 1 }), toolUses: [RUN_TESTS] },
    {
      when: weight({ attempt: { min: 2 }, turn: 2 }),
      text: "`chargedWeight` in `src/weight.js` now rounds up to the next half kilogram, so any part of a step is charged as a whole one. I ran `node --test test/` and all tests pass. I did not change the tests.",
    },
    {
      when: surcharge({ turn: 0 }),
      text: "A begun step has to count as a whole one, so it is rounded up.",
      toolUses: [{ name: "read", input: { path: "src/surcharge.js" } }],
    },
    {
      when: surcharge({ turn: 1 }),
      toolUses: [{ name: "edit", input: { path: "src/surcharge.js", ...SURCHARGE } }],
    },
    { when: surcharge({ turn: 2 }), toolUses: [RUN_TESTS] },
    {
      when: surcharge({ turn: 3 }),
      text: "`bulkySurcharge` in `src/surcharge.js` now rounds up, so a begun step costs as much as a whole one. I ran `node --test test/` and all tests pass. I did not change the tests.",
    },
    { when: { task: "document", turn: 0 }, toolUses: [{ name: "read", input: { path: "docs/rules.md" } }] },
    {
      when: rounding({ turn: 1 }),
      toolUses: [
        {
          name: "edit",
          input: {
            path: "docs/rules.md",
            old: "Prices are whole cents.",
            new: "4. The charged weight rises in steps of half a kilogram; any part of a step counts as a whole one.\n\nPrices are whole cents.",
          },
        },
      ],
    },
    {
      when: rounding({ turn: 2 }),
      text: "`docs/rules.md` now states how weights are rounded: in steps of half a kilogram, any part of a step counting as a whole one.",
    },
    {
      when: bulky({ turn: 1 }),
      toolUses: [
        {
          name: "edit",
          input: {
            path: "docs/rules.md",
            old: "Prices are whole cents.",
            new: "5. A parcel whose longest side is over 120 cm pays 250 cents more for every 20 cm, begun or whole.\n\nPrices are whole cents.",
          },
        },
      ],
    },
    {
      when: bulky({ turn: 2 }),
      text: "`docs/rules.md` now states the surcharge for bulky parcels: 250 cents for every 20 cm, begun or whole, over 120 cm.",
    },
  ],
});
