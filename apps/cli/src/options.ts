import { NetworkError, parseNetwork, type Shape } from '@bitkiln/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ApiClient, createApiClient } from './client/api-client.ts';
import { homeDirectory } from './service/home.ts';
import { runningService } from './service/lock.ts';
import { UsageError } from './usage-error.ts';

/** `--json`: standard output holds JSON alone. */
export function jsonOption(): Option {
  return new Option('--json', 'print JSON alone on standard output');
}

/** `--input 28x28x1`: rows x columns x channels of the images. */
export function inputOption(): Option {
  return new Option('--input <shape>', 'rows x columns x channels of the images')
    .argParser(parseShape)
    .default({ rows: 28, cols: 28, channels: 1 } satisfies Shape, '28x28x1');
}

function parseShape(text: string): Shape {
  const match = /^([1-9]\d{0,4})x([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected rows x columns x channels such as 28x28x1.');
  return { rows: Number(match[1]), cols: Number(match[2]), channels: Number(match[3]) };
}

/** For commander: a whole number in a range. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** For commander: the id of an experiment or a trial. */
export function parseId(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('Expected a UUID such as 0198c0de-0000-7000-8000-000000000000.');
}

/** Runs code over a network or file from the command line, turning what core refuses into bad usage. */
export function asUsage<T>(run: () => T, prefix = ''): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof NetworkError) throw new UsageError(prefix + error.message);
    throw error;
  }
}

/** Reads a network from the command line in either form. @throws UsageError */
export function networkFrom(source: string | readonly (readonly unknown[])[], prefix = '') {
  return asUsage(() => parseNetwork(source), prefix);
}

/** What commands need to talk to a service. */
export interface AccessOptions {
  readonly url?: string;
  readonly token?: string;
}

/** Adds `--url` and `--token`. */
export function accessOptions(command: Command): Command {
  return command.addOption(urlOption()).addOption(tokenOption());
}

/** A client of the service that the options, or the environment, name. */
export function clientOf({ token, ...options }: AccessOptions): ApiClient {
  return createApiClient(serviceUrl(options), token);
}

/** `--token`: what a service that asks for one lets in. */
export function tokenOption(): Option {
  return new Option(
    '--token <token>',
    'an API token; better BITKILN_TOKEN, which other users of this host do not see',
  ).env('BITKILN_TOKEN');
}

/** `--url`: the service to talk to. */
function urlOption(): Option {
  return new Option('--url <address>', 'the service; else BITKILN_URL, else the one started here');
}

/** The service's address: named, or that of the service that runs in this checkout, or the default one. */
function serviceUrl({ url }: { readonly url?: string }): string {
  const address =
    url ?? process.env.BITKILN_URL ?? runningService(homeDirectory())?.url ?? 'http://127.0.0.1:3000';
  if (!URL.canParse(address))
    throw new UsageError(`--url is ${address}; expected an address such as http://127.0.0.1:3000`);
  return address.replace(/\/+$/, '');
}
