import { SelectionError, selectByZScore, selectGreedily, type TrialOutcome } from '@bitkiln/core';
import { Command, Option } from 'commander';
import { readJsonFile } from '../input-file.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { UsageError } from '../usage-error.ts';

interface SelectOptions {
  readonly rule: 'z-score' | 'greedy';
  readonly images: number;
  readonly stage?: string;
  readonly json?: true;
}

interface Choice {
  readonly index: number;
  readonly weight: number | null;
  readonly scores: readonly number[] | null;
  readonly reason: string;
}

/** `bitkiln select OUTCOMES.json`: the winner among finished trials, by the protocol's rules. */
export function selectCommand(): Command {
  return new Command('select')
    .description('choose the winner among finished trials')
    .argument('<outcomes.json>', 'a list of trials, or of stages with trials')
    .addOption(new Option('--rule <name>', 'how to choose').choices(['z-score', 'greedy']).default('z-score'))
    .option('--images <count>', 'validation images behind each accuracy', wholeNumber(1, 1e9), 10_000)
    .option('--stage <name>', 'the stage to take the trials of')
    .addOption(jsonOption())
    .action((file: string, { rule, images, stage, json }: SelectOptions) => {
      const trials = trialsOf(readJsonFile(file), stage, file);
      const { reason, ...choice } = choose(trials, rule, images, file);
      const { index, weight, scores } = choice;
      console.log(json ? JSON.stringify({ index, weight, scores }) : reason);
    });
}

function choose(
  trials: readonly TrialOutcome[],
  rule: SelectOptions['rule'],
  images: number,
  file: string,
): Choice {
  try {
    if (rule === 'z-score') return selectByZScore(trials, images);
    const index = selectGreedily(trials);
    const reason = `Trial ${index} has the highest accuracy of any epoch, ${trials[index]!.bestValAccuracy}.`;
    return { index, weight: null, scores: null, reason };
  } catch (error) {
    if (error instanceof SelectionError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

/** The list itself, or the trials of the named stage. What is in them is for the rules to check. */
function trialsOf(content: unknown, stage: string | undefined, file: string): readonly TrialOutcome[] {
  if (!Array.isArray(content) || content.some((entry) => typeof entry !== 'object' || entry === null)) {
    throw new UsageError(`${file}: expected a list of trials, or of stages with trials`);
  }
  const stages = content.filter((entry): entry is { stage: string; trials: TrialOutcome[] } =>
    Array.isArray((entry as { trials?: unknown }).trials),
  );
  if (stages.length === 0) {
    if (stage !== undefined)
      throw new UsageError(`--stage is ${stage}, but ${file} is a list of trials without stages`);
    return content as TrialOutcome[];
  }
  const names = stages.map((entry) => entry.stage).join(', ');
  if (stage === undefined) throw new UsageError(`${file} has stages; name one with --stage: ${names}`);
  const found = stages.find((entry) => entry.stage === stage);
  if (found === undefined) throw new UsageError(`--stage is ${stage}; expected one of ${names}`);
  return found.trials;
}
