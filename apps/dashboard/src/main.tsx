import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';
import './styles/charts.css';
import './styles/pages.css';
import 'uplot/dist/uPlot.min.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { startLive } from './live/service.ts';
import { startRouter } from './router/router.ts';

startRouter();
startLive();
render(<App />, document.getElementById('app')!);
