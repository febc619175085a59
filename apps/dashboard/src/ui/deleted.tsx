import { links } from '../router/router.ts';
import { Empty } from './parts.tsx';

/** What was here is gone for good. */
export function Deleted() {
  return (
    <Empty title="This experiment was deleted">
      <p>Its trials, curves and files went with it. The service’s audit tells who deleted it.</p>
      <a class="button" href={links.experiments}>
        All experiments
      </a>
    </Empty>
  );
}
