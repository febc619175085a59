import { Panel } from '../../ui/parts.tsx';

const targets = [
  ['c99', 'C99', 'for any machine with a C compiler: no heap, no floats'],
  ['avr', 'ATmega328P', 'firmware for an Arduino Uno, fed by its serial port'],
  ['onnx', 'ONNX', 'for ONNX Runtime: integers between its quantizers'],
] as const;

/** The winner made ready for where it will run. */
export function Exports({ id }: { readonly id: string }) {
  return (
    <Panel title="For a device" hint="made from model.json when asked for">
      <ul class="exports">
        {targets.map(([target, title, what]) => (
          <li key={target}>
            <a class="button" href={`/experiments/${id}/best/export?target=${target}`} download="">
              {title}
            </a>
            <span class="small dim">{what}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
