/* What pages gain when scripts run. Every page is whole without them: each element below improves plain HTML. */

import "./copy";
import "./drop";
import "./group";
import "./progress";
import "./rule";
import "./table";
import "./open-map";
