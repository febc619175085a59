import { parseNetwork, printLayer, type Shape, type Strategy, storageReport } from '@bitkiln/core';
import type { Winner } from '../../api/types.ts';
import { bytes, strategyTitles } from '../../format/format.ts';

/**
 * The device's memory, layer by layer: the weights stand in flash; under them the activations alive at once, under
 * the winner's strategy against row by row, its peak marked.
 */
export function MemoryMap({ winner, input }: { readonly winner: Winner; readonly input: Shape }) {
  const layers = parseNetwork(winner.network);
  const own = storageReport(layers, input, winner.strategy as Strategy);
  const other: Strategy = winner.strategy === 'normal' ? 'naive' : 'normal';
  const plain = storageReport(layers, input, other);
  const most = Math.max(...own.layers.map((l) => l.liveBytes), ...plain.layers.map((l) => l.liveBytes));
  const heaviest = Math.max(1, ...own.layers.map((l) => l.weightBytes));
  return (
    <div class="memory">
      <div
        class="memory-totals"
        role="img"
        aria-label={`${bytes(own.weightBytes)} bytes of weights and ${bytes(own.activationBytes)} of activations in a budget of ${bytes(winner.budgetBytes)}`}
      >
        <span class="weights" style={{ flexGrow: own.weightBytes }}>
          {bytes(own.weightBytes)} weights
        </span>
        <span class="activations" style={{ flexGrow: own.activationBytes }}>
          {bytes(own.activationBytes)} activations
        </span>
        {own.totalBytes < winner.budgetBytes && (
          <span class="free" style={{ flexGrow: winner.budgetBytes - own.totalBytes }} title="free" />
        )}
      </div>
      <div class="scroll-x">
        <table>
          <thead>
            <tr>
              <th>Layer</th>
              <th>Weights</th>
              <th>
                Alive: <span class="key activations" /> {title(winner.strategy)} <span class="key outline" />{' '}
                {title(other)}
              </th>
              <th class="number">Bytes</th>
            </tr>
          </thead>
          <tbody>
            {layers.map((layer, index) => {
              const live = own.layers[index]!.liveBytes;
              const without = plain.layers[index]!.liveBytes;
              const weight = own.layers[index]!.weightBytes;
              return (
                <tr key={index} data-peak={index === own.peakLayer}>
                  <td class="mono nowrap">{printLayer(layer)}</td>
                  <td class="memory-cell" title={`${bytes(weight)} bytes of weights`}>
                    <span class="weights" style={{ width: `${(weight / heaviest) * 100}%` }} />
                  </td>
                  <td class="memory-cell" title={`${bytes(live)} against ${bytes(without)} bytes`}>
                    <span class="outline" style={{ width: `${(without / most) * 100}%` }} />
                    <span class="activations" style={{ width: `${(live / most) * 100}%` }} />
                  </td>
                  <td class="number nowrap">
                    {live === 0 ? <span class="faint">in place</span> : bytes(live)}
                    {without > live && <span class="faint"> / {bytes(without)}</span>}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="faint small">
        The peak, {bytes(own.activationBytes)} bytes, decides. Under {title(other)} it would be{' '}
        {bytes(plain.activationBytes)}, and the network {bytes(plain.totalBytes)} in all.
      </p>
    </div>
  );
}

function title(strategy: string): string {
  const known = strategyTitles.find(([name]) => name === strategy);
  return known === undefined ? strategy : known[1].toLowerCase();
}
