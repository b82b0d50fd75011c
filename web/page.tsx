/** The dashboard's page. */
import { render } from 'preact';
import './page.css';

render(<main>Coxswain</main>, document.body);
