//! Circles of any length in a graph of names: its strongly connected components.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The edges: each name, and the names that it uses.
pub(super) type Graph = BTreeMap<String, BTreeSet<String>>;

/// The components of more than one name, by Tarjan's algorithm (1972).
pub(super) fn circles(graph: &Graph) -> Vec<BTreeSet<String>> {
    let mut search = Search {
        graph,
        numbers: BTreeMap::new(),
        lowest: BTreeMap::new(),
        stack: Vec::new(),
        found: Vec::new(),
    };
    for name in graph.keys() {
        if !search.numbers.contains_key(name.as_str()) {
            search.visit(name);
        }
    }
    search.found
}

/// A shortest way from a name back to itself inside one component, both ends included.
pub(super) fn shortest(graph: &Graph, component: &BTreeSet<String>, from: &str) -> Vec<String> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        for next in graph.get(at).into_iter().flatten().filter(|next| component.contains(*next)) {
            if next == from {
                let mut way = vec![from.to_owned(), at.to_owned()];
                let mut at = at;
                while let Some(&previous) = before.get(at) {
                    way.push(previous.to_owned());
                    at = previous;
                }
                way.reverse();
                return way;
            }
            if !before.contains_key(next.as_str()) {
                before.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    Vec::new()
}

/// Tarjan's numbers: the order in which a name was visited, and the earliest name on the stack that it reaches.
struct Search<'a> {
    graph: &'a Graph,
    numbers: BTreeMap<&'a str, usize>,
    lowest: BTreeMap<&'a str, usize>,
    stack: Vec<&'a str>,
    found: Vec<BTreeSet<String>>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, name: &'a str) {
        let number = self.numbers.len();
        self.numbers.insert(name, number);
        self.lowest.insert(name, number);
        self.stack.push(name);
        for next in self.graph.get(name).into_iter().flatten() {
            let reached = if !self.numbers.contains_key(next.as_str()) {
                self.visit(next);
                self.lowest[next.as_str()]
            } else if self.stack.contains(&next.as_str()) {
                self.numbers[next.as_str()]
            } else {
                continue;
            };
            let lowest = self.lowest[name].min(reached);
            self.lowest.insert(name, lowest);
        }
        if self.lowest[name] == number {
            let begin = self.stack.iter().position(|&known| known == name).unwrap_or_default();
            let component: BTreeSet<String> = self.stack.drain(begin..).map(str::to_owned).collect();
            if component.len() > 1 {
                self.found.push(component);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn circles_of_two_and_three_are_found() {
        let graph =
            graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d"), ("e", "f")]);
        assert_eq!(circles(&graph), [set(&["d", "e"]), set(&["a", "b", "c"])]);
    }

    #[test]
    fn layers_have_no_circle() {
        assert_eq!(circles(&graph(&[("a", "b"), ("a", "c"), ("b", "c"), ("c", "d")])), []);
    }

    #[test]
    fn shortest_circle_is_named() {
        let graph = graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("b", "d"), ("d", "e"), ("e", "a")]);
        let all = set(&["a", "b", "c", "d", "e"]);
        assert_eq!(shortest(&graph, &all, "a"), ["a", "b", "c", "a"]);
        assert_eq!(shortest(&graph, &all, "d"), ["d", "e", "a", "b", "d"]);
    }
}
