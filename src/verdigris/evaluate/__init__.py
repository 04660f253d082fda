"""Evaluation: how well do the lanes find what somebody says is relevant?"""
