import { lowerNetwork, type Shape, type StageName, stageNames } from '@bitkiln/core';
import { Command, Option } from 'commander';
import { asUsage, inputOption, jsonOption, networkFrom } from '../options.ts';

interface ExplainOptions {
  readonly stage: StageName;
  readonly input: Shape;
  readonly json?: true;
}

/** `bitkiln explain NETWORK`: how the kiln trainer trains a network, and what it costs. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('show layers, shapes, multiply-adds, memory plan and estimated time of training a network')
    .argument('<network>', 'compact notation or JSON, such as "A(2,4) C(5,3x3) M(2) S(10)"')
    .addOption(
      new Option('--stage <name>', 'the stage it is trained in').choices(stageNames).default('float'),
    )
    .addOption(inputOption())
    .addOption(jsonOption())
    .action(async (network: string, { stage, input, json }: ExplainOptions) => {
      const layers = networkFrom(network);
      const program = asUsage(() => lowerNetwork(layers, input));
      const { explainProgram, printExplanation } = await import('@bitkiln/trainer');
      const explanation = explainProgram(program, stage);
      console.log(json ? JSON.stringify(explanation) : printExplanation(explanation));
    });
}
