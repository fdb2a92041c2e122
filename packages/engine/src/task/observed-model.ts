import type { LanguageModel, ModelOptions, RunObservation, TaskId } from "@mnemosyne/core";
import { observeCalls } from "./call-observer.ts";
import type { RunServices } from "./run-services.ts";

/** The run's model with a task's budget and journal around every call, for those who are not given the observer. */
export function observedModel(
  services: RunServices,
  call: { readonly task: TaskId; readonly attempt: number; readonly epoch: number; readonly purpose: string },
  emit: (observation: RunObservation) => void,
): LanguageModel | undefined {
  const { model } = services;
  if (model === undefined) return undefined;
  const observer = observeCalls(services, call, emit);
  const withObserver = <Options extends ModelOptions>(options: Options | undefined) => ({
    ...options,
    observer,
  });
  return {
    provider: model.provider,
    model: model.model,
    generate: (request, options) => model.generate(request, withObserver(options)),
    stream: (request, options) => model.stream(request, withObserver(options)),
    generateObject: (request, options) => model.generateObject(request, withObserver(options)),
    runTools: (request, options) => model.runTools(request, { ...options, observer }),
  };
}
