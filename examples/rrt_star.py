"""Logs an RRT* planner that grows its tree through a map: `python examples/rrt_star.py -o rrt_star.rrd`."""

from gradio_rerun.rrt_star import main

if __name__ == "__main__":
    main()
