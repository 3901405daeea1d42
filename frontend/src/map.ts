/* The map: the dataset's own shapes on a calm ground, with tiles behind when the town chose some. */

import { AttributionControl, LngLatBounds, Map, NavigationControl, Popup, setWorkerUrl } from "maplibre-gl";
import type { FeatureCollection } from "geojson";
import type { GeoJSONSource, LngLatLike, MapGeoJSONFeature, StyleSpecification } from "maplibre-gl";

setWorkerUrl(new URL("./map-worker.js", import.meta.url).href);

const MOST = 12; // lines of a popup
const FEATURES = 20_000; // beyond, a phone draws slowly: the map then asks for what is in view

export async function draw(place: HTMLElement, told: DOMStringMap, say: (text: string) => void, some: string): Promise<void> {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL("./map.css", import.meta.url).href;
  await new Promise((done) => {
    sheet.onload = sheet.onerror = done;
    document.head.append(sheet);
  });
  const colours = getComputedStyle(place);
  const ground = colours.getPropertyValue("--map-ground").trim() || "#eef0ea";
  const ink = colours.getPropertyValue("--accent").trim() || "#1f6f54";
  const style: StyleSpecification = {
    version: 8,
    sources: { data: { type: "geojson", data: { type: "FeatureCollection", features: [] } } },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": ground } },
      {
        id: "areas", type: "fill", source: "data", filter: ["==", ["geometry-type"], "Polygon"],
        paint: { "fill-color": ink, "fill-opacity": 0.25, "fill-outline-color": ink },
      },
      {
        id: "lines", type: "line", source: "data", filter: ["!=", ["geometry-type"], "Point"],
        paint: { "line-color": ink, "line-width": 1.5 },
      },
      {
        id: "points", type: "circle", source: "data", filter: ["==", ["geometry-type"], "Point"],
        paint: {
          "circle-color": ink,
          "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 3, 16, 8],
          "circle-stroke-color": "#ffffff",
          "circle-stroke-width": 1.5,
          "circle-opacity": 0.9,
        },
      },
    ],
  };
  if (told["tiles"]) {
    style.sources["tiles"] = { type: "raster", tiles: [told["tiles"]], tileSize: 256, attribution: told["attribution"] ?? "" };
    style.layers.splice(1, 0, { id: "tiles", type: "raster", source: "tiles" });
  }
  const [west, south, east, north] = (told["bbox"] ?? "").split(",").map(Number);
  const bounds = new LngLatBounds([west ?? -5, south ?? 42, east ?? 8, north ?? 51]);
  const map = new Map({ container: place, style, bounds, fitBoundsOptions: { padding: 30, maxZoom: 17 }, attributionControl: false });
  map.addControl(new NavigationControl({ showCompass: false }));
  if (told["tiles"]) map.addControl(new AttributionControl({ compact: true }));
  const first = await features(told["src"] ?? "");
  await new Promise((done) => (map.loaded() ? done(null) : map.once("load", done)));
  const source = map.getSource("data") as GeoJSONSource;
  source.setData(first.data);
  if (!first.whole) {
    say(some);
    let asked = new AbortController();
    map.on("moveend", async () => {
      asked.abort();
      asked = new AbortController();
      const box = map.getBounds();
      const where = `bbox(${[box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((n) => n.toFixed(6)).join(", ")})`;
      try {
        const seen = await features(`${told["src"]}?${new URLSearchParams({ where })}`, asked.signal);
        source.setData(seen.data);
        say(seen.whole ? "" : some);
      } catch {
        // a move came before the answer, or the network went away: what is drawn stays
      }
    });
  }
  for (const layer of ["areas", "lines", "points"]) {
    map.on("click", layer, (event) => tell(map, event.lngLat, event.features?.[0]));
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
  map.once("idle", () => (place.dataset["ready"] = "1"));
}

/* Reads features as they come and stops at FEATURES: the export writes one a line. */
async function features(address: string, signal?: AbortSignal): Promise<{ data: FeatureCollection; whole: boolean }> {
  const answer = await fetch(address, signal ? { signal } : {});
  if (!answer.ok || !answer.body) throw new Error(String(answer.status));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const parts: string[] = [];
  let lines = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { data: JSON.parse(parts.join("")) as FeatureCollection, whole: true };
    parts.push(value);
    lines += value.split("\n").length - 1;
    if (lines > FEATURES) {
      void reader.cancel();
      const text = parts.join("");
      return { data: JSON.parse(text.slice(0, text.lastIndexOf(",\n")) + "]}") as FeatureCollection, whole: false };
    }
  }
}

function tell(map: Map, at: LngLatLike, feature: MapGeoJSONFeature | undefined): void {
  if (!feature) return;
  const list = document.createElement("dl");
  for (const [name, value] of Object.entries(feature.properties).slice(0, MOST)) {
    if (value === null || value === "") continue;
    const term = document.createElement("dt");
    const said = document.createElement("dd");
    term.textContent = name;
    said.textContent = String(value);
    list.append(term, said);
  }
  new Popup({ maxWidth: "320px" }).setLngLat(at).setDOMContent(list).addTo(map);
}
