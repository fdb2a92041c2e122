/** A plan that runs as it is, without a model, and shows how to go on. */
export function firstPlan(name: string): string {
  return `# mnemosyne plan check plan.yaml; mnemosyne run plan.yaml
version: 1
name: first-plan
goal: ${JSON.stringify(`See how a plan of ${name} runs.`)}
tasks:
  - id: count
    run: 'echo "{\\"files\\": $(find . -type f -not -path "./.*" | wc -l)}" > "$MNEMOSYNE_OUTPUT"'
  - id: report
    dependsOn: [count]
    run: cat "$MNEMOSYNE_INPUTS"

  # Work for an agent needs a model (ANTHROPIC_API_KEY) and a bound on its cost. Nothing counts as done before its gates pass.
  # - id: fix
  #   instructions: Make the failing test pass without editing it.
  #   writes: ["src/**"]
  #   budget: { tokens: 60000 }
  #   gates:
  #     - tests: { command: npm test }
  #     - noTodos
  #     - facts
`;
}
