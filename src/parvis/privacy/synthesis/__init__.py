"""Synthetic copies: rows that stand for nobody, drawn so that columns, and pairs of them, look like the original's.

``domain`` says which values a copy may hold, ``tree`` measures the columns and the pairs that matter with noise, ``draw``
makes the rows and the file, ``likeness`` says how far the copy is from the original.

Source: McKenna, Miklau and Sheldon 2021, arXiv:2108.04978 (MST); Zhang et al. 2017, doi:10.1145/3134428 (PrivBayes).
"""
